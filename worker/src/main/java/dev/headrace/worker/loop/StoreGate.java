package dev.headrace.worker.loop;

import dev.headrace.protocol.FailureException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop's own calls to Redis. After one that was not answered there are none for a while, so
 * that an outage does not make the loop wait for one timeout after another.
 */
final class StoreGate {
  private static final Logger LOG = LoggerFactory.getLogger(StoreGate.class);

  private final long pauseNanos;
  private final LongSupplier nanos;
  private boolean down;
  private long againAt;

  StoreGate(long pauseNanos, LongSupplier nanos) {
    this.pauseNanos = pauseNanos;
    this.nanos = nanos;
  }

  /** Whether the last call was not answered. */
  boolean down() {
    return down;
  }

  /** Whether a call may be made now. */
  boolean open() {
    return !down || nanos.getAsLong() - againAt >= 0;
  }

  /** The answer, or null when there was none or none was asked for. */
  <T> @Nullable T ask(String what, Supplier<T> call) {
    if (!open()) {
      return null;
    }
    try {
      T answer = call.get();
      if (down) {
        LOG.info("store answers again");
      }
      down = false;
      return answer;
    } catch (FailureException e) {
      if (!down) {
        LOG.warn("store does not answer doing={} cause={}", what, e.getMessage());
      }
      down = true;
      againAt = nanos.getAsLong() + pauseNanos;
      return null;
    }
  }

  /** Whether the call was answered. */
  boolean tell(String what, Runnable call) {
    return Boolean.TRUE.equals(
        ask(
            what,
            () -> {
              call.run();
              return true;
            }));
  }
}
