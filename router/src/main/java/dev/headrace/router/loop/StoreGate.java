package dev.headrace.router.loop;

import java.time.Duration;

/**
 * Whether to ask Redis, wait for it, or do without. After a failure it is tried again now and then;
 * requests wait for it only until it has been away for the configured time.
 */
final class StoreGate {
  enum Mode {
    TRY,
    WAIT,
    SKIP
  }

  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  /**
   * While a try waits for its time-out nothing else moves: at most a fifth of the time (chosen).
   */
  private static final long PAUSES_PER_TRY = 4;

  private final long waitNanos;
  private boolean down;
  private long downSince;
  private long tryAgainAt;

  StoreGate(Duration wait) {
    this.waitNanos = wait.toNanos();
  }

  Mode mode(long nowNanos) {
    if (!down || nowNanos - tryAgainAt >= 0) {
      return Mode.TRY;
    }
    return nowNanos - downSince >= waitNanos ? Mode.SKIP : Mode.WAIT;
  }

  /**
   * Redis did not answer.
   *
   * @param tookNanos how long that took
   * @return whether it did before
   */
  boolean failed(long nowNanos, long tookNanos) {
    boolean first = !down;
    if (first) {
      down = true;
      downSince = nowNanos;
    }
    tryAgainAt = nowNanos + Math.max(PAUSE_NANOS, PAUSES_PER_TRY * tookNanos);
    return first;
  }

  /** Redis answered. */
  void answered() {
    down = false;
  }
}
