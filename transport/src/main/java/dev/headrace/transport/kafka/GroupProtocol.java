package dev.headrace.transport.kafka;

import java.util.Locale;

/** How the members of a consumer group share its partitions. */
public enum GroupProtocol {
  /** The broker decides (KIP-848); brokers from 4.0. */
  CONSUMER,
  /** A member decides, with the cooperative sticky assignor; any broker. */
  CLASSIC;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
