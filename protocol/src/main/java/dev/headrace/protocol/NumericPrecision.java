package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element type in which a model's weights are held, as far as it matters to whoever asks for a
 * least one. Types of one rank are equally good.
 */
public enum NumericPrecision {
  INT4(1),
  INT8(2),
  FP8(2),
  BF16(3),
  FP16(3),
  FP32(4);

  private final int rank;

  NumericPrecision(int rank) {
    this.rank = rank;
  }

  /** Whether it is as good as the other or better. */
  public boolean atLeast(NumericPrecision other) {
    return rank >= other.rank;
  }

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<NumericPrecision> ofWireName(String name) {
    return Arrays.stream(values()).filter(p -> p.wireName().equals(name)).findFirst();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(values())
        .map(NumericPrecision::wireName)
        .collect(Collectors.joining(", "));
  }
}
