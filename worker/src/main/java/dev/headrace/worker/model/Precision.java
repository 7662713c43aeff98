package dev.headrace.worker.model;

import java.util.Arrays;
import java.util.Locale;

/**
 * The number format a model computes in. Which is fastest depends on the device and is measured,
 * never guessed: bfloat16 is slower than float32 on many CPUs.
 */
public enum Precision {
  FLOAT32("fp32"),
  FLOAT16("fp16"),
  BFLOAT16("bf16"),
  /**
   * Linear layers in int8, weights per output channel, activations per batch; the rest in float32.
   */
  INT8("int8");

  private final String label;

  Precision(String label) {
    this.label = label;
  }

  /** The name in configuration and in device types: {@code cpu-int8}. */
  public String label() {
    return label;
  }

  /** The precision of a label, in any case. */
  public static Precision ofLabel(String label) {
    for (Precision precision : values()) {
      if (precision.label.equals(label.toLowerCase(Locale.ROOT))) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "precision: "
            + label
            + " (expected: one of "
            + String.join(", ", Arrays.stream(values()).map(Precision::label).toList())
            + ")");
  }
}
