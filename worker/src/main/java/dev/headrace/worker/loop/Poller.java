package dev.headrace.worker.loop;

import dev.headrace.protocol.FailureException;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Received;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the loop polls, and how long it waits there: as often as it turns while it is hungry, seldom
 * while the device has enough or nothing may be taken, but always often enough for the membership.
 */
final class Poller {
  private static final Logger LOG = LoggerFactory.getLogger(Poller.class);

  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  /** What is not committed may be published again after a crash (chosen). */
  private static final long COMMIT_EVERY = 100 * MILLI;

  /** Between polls while nothing is taken. */
  private static final long CLOSED = 50 * MILLI;

  /** Between polls while the device has enough before it. */
  static final long BUSY = 5 * MILLI;

  private final EventConsumer consumer;
  private final Valve valve;
  private final LongSupplier nanos;
  private boolean brokerUp = true;
  private long pollAt;
  private long commitAt;

  Poller(EventConsumer consumer, Valve valve, LongSupplier nanos) {
    this.consumer = consumer;
    this.valve = valve;
    this.nanos = nanos;
    this.pollAt = nanos.getAsLong();
    this.commitAt = pollAt;
  }

  /** Whether Kafka answered the last time. */
  boolean brokerUp() {
    return brokerUp;
  }

  /** Polls at once, whatever was planned. */
  void soon() {
    pollAt = nanos.getAsLong();
  }

  /** Whether it is time to poll. */
  boolean due(long nowNanos) {
    return nowNanos - pollAt >= 0;
  }

  /**
   * Polls and commits what may be committed.
   *
   * @param waitNanos how long to wait for records
   * @param deviceBusy whether the device has enough before it
   */
  List<Received> poll(long waitNanos, boolean deviceBusy) {
    List<Received> records = records(valve.closed() ? 0 : waitNanos);
    long now = nanos.getAsLong();
    long pause = valve.closed() || !brokerUp ? CLOSED : deviceBusy ? BUSY : 0;
    pollAt = now + pause;
    if (now - commitAt >= 0) {
      commitAt = now + COMMIT_EVERY;
      consumer.commit();
    }
    return records;
  }

  private List<Received> records(long waitNanos) {
    try {
      List<Received> records = consumer.poll(Duration.ofNanos(waitNanos));
      if (!brokerUp) {
        LOG.info("broker answers again");
        brokerUp = true;
      }
      return records;
    } catch (FailureException e) {
      if (brokerUp) {
        LOG.warn("broker does not answer cause={}", e.getMessage());
      }
      brokerUp = false;
      return List.of();
    }
  }
}
