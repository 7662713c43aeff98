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

  /** Between polls while the device has enough before it, at least. */
  static final long BUSY = 5 * MILLI;

  /** Of what the device has before it, the share that passes between two polls (chosen). */
  private static final int SHARE = 4;

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
   * @param spareNanos what the device has before it beyond what it should have
   */
  List<Received> poll(long waitNanos, long spareNanos) {
    List<Received> records = records(valve.closed() ? 0 : waitNanos);
    long now = nanos.getAsLong();
    pollAt = now + (valve.closed() || !brokerUp ? CLOSED : pause(spareNanos));
    if (now - commitAt >= 0) {
      commitAt = now + COMMIT_EVERY;
      consumer.commit();
    }
    return records;
  }

  /**
   * How long a loop may leave everything alone while the device has so much before it: each turn
   * and each poll takes a little of the cores that an engine on the CPU works with.
   */
  static long pause(long spareNanos) {
    return spareNanos <= 0 ? 0 : Math.max(BUSY, Math.min(CLOSED, spareNanos / SHARE));
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
