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

  /** Pause after a failure (chosen: each try may take a time-out, in which nothing else moves). */
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

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

  /** Redis did not answer; true when it did before. */
  boolean failed(long nowNanos) {
    boolean first = !down;
    if (first) {
      down = true;
      downSince = nowNanos;
    }
    tryAgainAt = nowNanos + PAUSE_NANOS;
    return first;
  }

  /** Redis answered; true when it did not before. */
  boolean answered() {
    boolean first = down;
    down = false;
    return first;
  }
}
