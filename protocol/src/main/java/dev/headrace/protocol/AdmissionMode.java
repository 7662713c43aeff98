package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What becomes of a request that no device can finish before its deadline. */
public enum AdmissionMode {
  /**
   * It goes where it would finish first, and ends EXPIRED if its deadline passes before it runs.
   */
  BEST_EFFORT,
  /** It ends FAILED with {@code no_capacity} as soon as that is known. */
  REJECT,
  /** It runs all the same: its deadline orders it, and does not end it. */
  LATE;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Optional<AdmissionMode> ofWireName(String name) {
    return Arrays.stream(values()).filter(m -> m.wireName().equals(name)).findFirst();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(values()).map(AdmissionMode::wireName).collect(Collectors.joining(", "));
  }
}
