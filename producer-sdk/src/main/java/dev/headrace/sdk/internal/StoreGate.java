package dev.headrace.sdk.internal;

import dev.headrace.protocol.FailureException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether Redis may be asked: not for a while after it did not answer, for each try costs its
 * timeout. One per thread.
 */
final class StoreGate {
  private static final Logger LOG = LoggerFactory.getLogger(StoreGate.class);

  private final String user;
  private final Duration pause;
  private final LongSupplier nanos;
  private boolean down;
  private long downSince;
  private long tryAgainAt;

  StoreGate(String user, Duration pause, LongSupplier nanos) {
    this.user = user;
    this.pause = pause;
    this.nanos = nanos;
  }

  /** Whether to ask now. */
  boolean open() {
    return !down || nanos.getAsLong() - tryAgainAt >= 0;
  }

  /** It did not answer. */
  void failed(FailureException failure) {
    long now = nanos.getAsLong();
    if (!down) {
      LOG.warn("Redis does not answer user={} cause={}", user, failure.getMessage());
      down = true;
      downSince = now;
    }
    tryAgainAt = now + pause.toNanos();
  }

  /**
   * It answered.
   *
   * @return whether it is back after a failure
   */
  boolean answered() {
    boolean back = down;
    if (back) {
      long millis = (nanos.getAsLong() - downSince) / 1_000_000;
      LOG.info("Redis answers again user={} away_ms={}", user, millis);
    }
    down = false;
    return back;
  }

  /** Whether it has not answered for this long. */
  boolean downFor(Duration time) {
    return down && nanos.getAsLong() - downSince >= time.toNanos();
  }

  boolean isDown() {
    return down;
  }
}
