package dev.headrace.transport.kafka;

import java.util.Locale;

/** How batches of records are compressed. */
public enum Compression {
  NONE,
  LZ4,
  ZSTD;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
