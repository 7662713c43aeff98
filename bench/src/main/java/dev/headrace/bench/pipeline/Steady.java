package dev.headrace.bench.pipeline;

import java.util.concurrent.TimeUnit;

/** The rate of what comes in batches. */
final class Steady {
  /** Answers of one batch come within milliseconds, batches hundreds apart (chosen: between). */
  private static final long GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private Steady() {}

  /**
   * Answers a second between two of them, which are moved to the ends of their batches: else a
   * batch more or less in between would be an error as large as its share of all.
   *
   * @param at times of the answers in nanoseconds, in order
   * @param from index of the first one
   * @param to index of the last one
   */
  static double perSecond(long[] at, int from, int to) {
    int first = endOfBatch(at, from);
    int last = endOfBatch(at, to);
    if (last == first) {
      throw new IllegalArgumentException(
          "one batch has answers " + from + " to " + to + " (expected: at least two batches)");
    }
    return (last - first) * 1e9 / (at[last] - at[first]);
  }

  private static int endOfBatch(long[] at, int index) {
    int end = Math.min(index, at.length - 1);
    while (end + 1 < at.length && at[end + 1] - at[end] < GAP_NANOS) {
      end++;
    }
    return end;
  }
}
