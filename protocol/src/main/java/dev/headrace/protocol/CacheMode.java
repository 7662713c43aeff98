package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Whether a request may be answered from, and add to, the result cache. */
public enum CacheMode {
  /** Answered from the cache or together with an identical request in flight. */
  USE,
  /** Always run by a device; its result is not kept in the cache. */
  BYPASS;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<CacheMode> ofWireName(String name) {
    return Arrays.stream(values()).filter(m -> m.wireName().equals(name)).findFirst();
  }
}
