package dev.headrace.protocol;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The cost tier of a request: how long it may wait when it names no deadline of its own. */
public enum Tier {
  /** Cheapest; waits for idle cheap devices. */
  ECONOMY(Duration.ofMinutes(10)),
  /** The default. */
  STANDARD(Duration.ofMinutes(1)),
  /** Served first; may use dear devices. */
  PREMIUM(Duration.ofSeconds(5));

  private final Duration defaultDeadline;

  Tier(Duration defaultDeadline) {
    this.defaultDeadline = defaultDeadline;
  }

  /** Time from submission to deadline of a request that names none (chosen). */
  public Duration defaultDeadline() {
    return defaultDeadline;
  }

  /**
   * The name on the wire and in topic names: {@code economy}, {@code standard}, {@code premium}.
   */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The tier with this wire name. */
  public static Optional<Tier> ofWireName(String name) {
    return Arrays.stream(values()).filter(t -> t.wireName().equals(name)).findFirst();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(values()).map(Tier::wireName).collect(Collectors.joining(", "));
  }
}
