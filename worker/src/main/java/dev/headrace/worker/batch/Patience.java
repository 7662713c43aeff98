package dev.headrace.worker.batch;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long a batch may take. Longer ones cost less per row, but whatever comes meanwhile waits for
 * them: so a batch may take a twentieth of the tightest time that a request of the last minute had
 * from submission to deadline, within the bounds of the settings. One request in a hurry makes
 * batches short for the next minute, since more of its kind may come.
 */
final class Patience {
  /** Share of a request's time that it may wait for a batch before it (chosen). */
  private static final int SHARE = 20;

  private static final long HALF_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final long shortestNanos;
  private final long longestNanos;
  private long tightest = Long.MAX_VALUE;
  private long tightestBefore = Long.MAX_VALUE;
  private long halfEndsAt = Long.MIN_VALUE;

  /**
   * Knows of no request.
   *
   * @param shortest what a batch may always take, and all it may take as long as none was seen
   * @param longest what it may take at most; if it is less than the other, the other holds
   */
  Patience(Duration shortest, Duration longest) {
    this.shortestNanos = shortest.toNanos();
    this.longestNanos = Math.max(shortestNanos, longest.toNanos());
  }

  /** Takes note of a request with so much time in all. */
  void saw(long budgetNanos, long nowNanos) {
    turn(nowNanos);
    tightest = Math.min(tightest, budgetNanos);
  }

  /** The most that a batch may take now, in seconds. */
  double seconds(long nowNanos) {
    turn(nowNanos);
    long budget = Math.min(tightest, tightestBefore);
    long nanos = budget == Long.MAX_VALUE ? shortestNanos : budget / SHARE;
    return Math.max(shortestNanos, Math.min(longestNanos, nanos)) / 1e9;
  }

  private void turn(long nowNanos) {
    if (halfEndsAt != Long.MIN_VALUE && nowNanos - halfEndsAt < 0) {
      return;
    }
    boolean longAgo = halfEndsAt == Long.MIN_VALUE || nowNanos - halfEndsAt >= HALF_NANOS;
    tightestBefore = longAgo ? Long.MAX_VALUE : tightest;
    tightest = Long.MAX_VALUE;
    halfEndsAt = (longAgo ? nowNanos : halfEndsAt) + HALF_NANOS;
  }
}
