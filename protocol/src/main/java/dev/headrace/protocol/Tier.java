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

  private static final Tier[] ALL = values();

  private final String wireName = name().toLowerCase(Locale.ROOT);
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
    return wireName;
  }

  /** The tier with this wire name. */
  public static Optional<Tier> ofWireName(String name) {
    for (Tier tier : ALL) {
      if (tier.wireName.equals(name)) {
        return Optional.of(tier);
      }
    }
    return Optional.empty();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(values()).map(Tier::wireName).collect(Collectors.joining(", "));
  }
}
