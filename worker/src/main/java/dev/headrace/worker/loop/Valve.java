package dev.headrace.worker.loop;

import dev.headrace.transport.kafka.EventConsumer;

/**
 * Lets records in or not. It closes when a limit is reached and opens again at three quarters of
 * it, so that it does not flutter. The membership is kept either way: the loop goes on polling.
 */
final class Valve {
  /** Share of the limits below which it opens again (chosen). */
  private static final double REOPEN = 0.75;

  private final EventConsumer consumer;
  private final IntakeConfig config;
  private boolean closed;
  private boolean shut;

  Valve(EventConsumer consumer, IntakeConfig config) {
    this.consumer = consumer;
    this.config = config;
  }

  /** Whether nothing is let in. */
  boolean closed() {
    return closed;
  }

  /** Never opens again. */
  void shut() {
    shut = true;
    close();
  }

  /** Slots came: what is closed is closed for them too. */
  void slotsCame() {
    if (closed) {
      consumer.pause(consumer.assigned());
    }
  }

  /**
   * Opens or closes by how full the worker is.
   *
   * @return whether it opened just now
   */
  boolean set(InFlight inFlight, double queuedSeconds, boolean storeDown) {
    double full =
        Math.max(
            (double) inFlight.count() / config.maxRequests(),
            Math.max(
                (double) inFlight.bytes() / config.maxBytes(),
                queuedSeconds * 1e9 / config.maxQueue().toNanos()));
    if (shut || storeDown || full >= 1) {
      close();
      return false;
    }
    return full < REOPEN && open();
  }

  private void close() {
    if (!closed) {
      consumer.pause(consumer.assigned());
      closed = true;
    }
  }

  private boolean open() {
    if (!closed) {
      return false;
    }
    consumer.resume(consumer.assigned());
    closed = false;
    return true;
  }
}
