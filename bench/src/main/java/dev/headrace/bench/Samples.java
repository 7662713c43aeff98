package dev.headrace.bench;

import java.util.Arrays;

/** Order statistics of a few measurements. */
public final class Samples {
  private final double[] sorted;

  public Samples(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: none (expected: at least one)");
    }
    sorted = values.clone();
    Arrays.sort(sorted);
  }

  public double median() {
    return percentile(50);
  }

  /** The smallest value that at least this share of the values does not exceed (nearest rank). */
  public double percentile(double percent) {
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.max(0, Math.min(sorted.length, rank) - 1)];
  }
}
