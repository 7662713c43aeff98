package dev.headrace.router.rescue;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.router.loop.RetryTrail;
import dev.headrace.router.metrics.RescueMetrics;
import dev.headrace.transport.agent.Agent;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that no record stays in a lane whose workers are all gone. It joins that lane's
 * consumer group, takes what the group has not committed, and puts each request into the shortest
 * retry topic, from where the router decides about it again: another lane, an outcome that stands
 * already, or EXPIRED. A record is acknowledged when it is in that topic.
 *
 * <p>A worker that comes back meets an ordinary member of its group: Kafka gives it its share, what
 * was moved is committed, and when its heartbeat is seen the rescue leaves. What runs twice in
 * between meets the first outcome.
 */
public final class LaneRescue implements Agent {
  private static final Logger LOG = LoggerFactory.getLogger(LaneRescue.class);

  /** Records under way to the retry topic at most (chosen: two polls). */
  private static final int MAX_PENDING = 1000;

  private static final Duration WAIT = Duration.ofMillis(50);
  private static final Duration LEAVE = Duration.ofSeconds(2);

  /** The shortest delay; the record says itself that it is due at once. */
  private static final Duration DELAY = Topics.RETRY_DELAYS.get(0);

  private final RescueConfig config;
  private final DeviceRegistry registry;
  private final LaneGroups groups;
  private final Delivery delivery;
  private final RescueMetrics metrics;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final Orphans orphans;
  private final Map<String, EventConsumer> joined = new TreeMap<>();
  private long lookAt;
  private boolean draining;

  public LaneRescue(
      RescueConfig config,
      DeviceRegistry registry,
      LaneGroups groups,
      Delivery delivery,
      RescueMetrics metrics,
      LongSupplier nanos,
      InstantSource clock) {
    this.config = config;
    this.registry = registry;
    this.groups = groups;
    this.delivery = delivery;
    this.metrics = metrics;
    this.nanos = nanos;
    this.clock = clock;
    this.orphans = new Orphans(config.after().toNanos());
    this.lookAt = nanos.getAsLong();
  }

  @Override
  public String name() {
    return "router-rescue";
  }

  /** Looks for lanes to rescue when it is time, then moves what the lanes that it joined hold. */
  @Override
  public void doWork() {
    long now = nanos.getAsLong();
    if (!draining && now - lookAt >= 0) {
      look(now);
      lookAt = nanos.getAsLong() + config.interval().toNanos();
    }
    joined.forEach(this::move);
    delivery.runOnce();
    joined.values().forEach(EventConsumer::commit);
    if (joined.isEmpty()) {
      LockSupport.parkNanos(WAIT.toNanos());
    }
  }

  private void look(long now) {
    try {
      List<DeviceReport> reports = registry.list();
      Set<String> lanes = groups.lanes();
      Set<String> lost = orphans.look(lanes, reports, now);
      leaveAllBut(lost);
      lost.removeAll(joined.keySet());
      if (!lost.isEmpty()) {
        groups.lag(lost).forEach((lane, records) -> joinIfNotEmpty(lane, records));
      }
    } catch (FailureException e) {
      LOG.debug("lanes not looked at cause={}", e.getMessage());
      orphans.blind(now);
    }
  }

  private void joinIfNotEmpty(String lane, long records) {
    if (records > 0) {
      LOG.warn("lane has no worker, moving its records lane={} records={}", lane, records);
      joined.put(lane, groups.join(lane));
      metrics.lanes(joined.size());
    }
  }

  private void leaveAllBut(Set<String> lost) {
    for (String lane : new HashSet<>(joined.keySet())) {
      if (!lost.contains(lane)) {
        LOG.info("lane has workers again lane={}", lane);
        leave(lane, LEAVE);
      }
    }
  }

  /** What is under way is not acknowledged, and comes to the lane's workers again. */
  private void leave(String lane, Duration timeout) {
    EventConsumer consumer = joined.remove(lane);
    if (consumer != null) {
      consumer.close(timeout);
    }
    metrics.lanes(joined.size());
  }

  private void move(String lane, EventConsumer consumer) {
    boolean full = draining || delivery.pending() >= MAX_PENDING;
    if (full) {
      consumer.pause(consumer.assigned());
    } else {
      consumer.resume(consumer.assigned());
    }
    try {
      for (Received received : consumer.poll(WAIT)) {
        delivery.append(
            Topics.retry(DELAY),
            routable(received),
            () -> {
              consumer.acknowledge(received);
              metrics.moved(lane);
            });
      }
    } catch (FailureException e) {
      LOG.debug("lane not read lane={} cause={}", lane, e.getMessage());
      LockSupport.parkNanos(WAIT.toNanos());
    }
  }

  /** The record without the decision that sent it here. What cannot be read goes as it is. */
  private WireRecord routable(Received received) {
    Instant timestamp = Instant.ofEpochMilli(Math.max(0, received.timestampMs()));
    Decoded decoded = WorkCodec.decode(received.record(), timestamp);
    WireRecord record = received.record();
    int attempt = 1;
    if (decoded instanceof Decoded.Valid valid) {
      InferenceRequest request = valid.request();
      attempt = request.attempts().number();
      // The lane failed, not the request: the attempt is not counted.
      record = RequestCodec.encode(request.retried(request.attempts()));
    }
    return record
        .with(RetryTrail.of(received))
        .with(
            DeadLetter.retryHeaders(
                attempt, clock.millis(), RetryTrail.firstTimestampMs(received)));
  }

  @Override
  public void drain() {
    draining = true;
  }

  @Override
  public boolean drained() {
    return draining && delivery.pending() == 0;
  }

  @Override
  public void close(Duration timeout) {
    for (String lane : new HashSet<>(joined.keySet())) {
      leave(lane, timeout.dividedBy(Math.max(1, joined.size())));
    }
  }
}
