package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Whether a request may be answered from, and add to, the result cache. */
public enum CacheMode {
  /** Answered from the cache or together with an identical request in flight. */
  USE,
  /** Always run by a device; its result is not kept in the cache. */
  BYPASS;

  private static final CacheMode[] ALL = values();

  private final String wireName = name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }

  public static Optional<CacheMode> ofWireName(String name) {
    for (CacheMode mode : ALL) {
      if (mode.wireName.equals(name)) {
        return Optional.of(mode);
      }
    }
    return Optional.empty();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(ALL).map(CacheMode::wireName).collect(Collectors.joining(", "));
  }
}
