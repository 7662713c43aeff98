package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.DeviceRegistry.Namesake;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this worker may work under its id, and in its lane in its way. Heartbeat and crash marks
 * go by the id, so two that have the same would overwrite each other's; and of a lane's workers
 * either all are members of its consumer group or all of its share group.
 *
 * <p>What is in the way may be the heartbeat of a worker that is dead, of an earlier life of this
 * one above all. So it is watched: when another follows, its sender lives, and this worker ends;
 * else it runs out. Until then, and while Redis does not say, no work is taken.
 */
final class Claim {
  private static final Logger LOG = LoggerFactory.getLogger(Claim.class);

  private final DeviceRegistry registry;
  private final StoreGate gate;
  private final Identity self;
  private final String group;
  private final String instance;

  /** Of other instances that have the id; at most one at a time. */
  private final LifeSigns namesakes = new LifeSigns();

  /** Of the lane's workers in another group. */
  private final LifeSigns strangers = new LifeSigns();

  private boolean held;
  private boolean waits;
  private boolean laneIsOurs;

  Claim(DeviceRegistry registry, StoreGate gate, Identity self, String group, String instance) {
    this.registry = registry;
    this.gate = gate;
    this.self = self;
    this.group = group;
    this.instance = instance;
  }

  /** Whether it is this worker's, by the last answer. */
  boolean held() {
    return held;
  }

  /** Whether it will be clear soon whether another worker lives that has it. */
  boolean waits() {
    return waits;
  }

  /**
   * Sends a heartbeat, unless another worker's is in the way.
   *
   * @throws FailureException when that one lives: a person gave two workers what only one can have
   */
  void send(DeviceReport report) {
    Optional<Namesake> answer =
        gate.ask("sending the heartbeat", () -> registry.claim(report, instance));
    if (answer == null) {
      return;
    }
    if (answer.isPresent()) {
      held = false;
      waits = true;
      judge(answer.get());
      return;
    }
    if (!namesakes.none()) {
      LOG.info("worker id is free again worker={}", self.workerId());
      namesakes.look(Map.of());
    }
    laneIsOurs = laneIsOurs || ours();
    held = laneIsOurs;
    waits = !strangers.none();
  }

  private void judge(Namesake found) {
    boolean known = namesakes.has(found.instance());
    if (namesakes.look(Map.of(found.instance(), found.sentAt())).isPresent()) {
      throw refused(
          """
          worker.id: %s (expected: an id that no other living worker has; %s has it, and sent a \
          heartbeat at %s)"""
              .formatted(self.workerId(), found.instance(), found.sentAt()));
    }
    if (!known) {
      LOG.warn(
          "worker id has a heartbeat of an earlier life or of another worker, waiting until that"
              + " runs out worker={} instance={} sentAt={}",
          self.workerId(),
          found.instance(),
          found.sentAt());
    }
  }

  /**
   * Looks after the first heartbeat was sent: of two that start in one moment the later one sees
   * the other, whichever that is.
   */
  private boolean ours() {
    List<DeviceReport> all = gate.ask("looking for the lane's workers", registry::list);
    if (all == null) {
      return false;
    }
    List<DeviceReport> others = all.stream().filter(this::isStranger).toList();
    Map<String, String> found = new HashMap<>();
    others.forEach(r -> found.put(r.workerId(), r.sentAt().toString()));
    boolean first = strangers.none();
    Optional<String> living = strangers.look(found);
    for (DeviceReport r : others) {
      if (living.filter(r.workerId()::equals).isPresent()) {
        throw refused(
            """
            worker.intake: this worker would take the work of lane %s as %s (expected: as %s, like \
            worker %s; stop the lane's workers to change it)"""
                .formatted(self.lane(), group, r.group(), r.workerId()));
      }
    }
    if (first && !found.isEmpty()) {
      LOG.warn(
          "lane has heartbeats of workers that take its work in another way, waiting until they run"
              + " out lane={} group={} workers={}",
          self.lane(),
          group,
          found.keySet());
    }
    return found.isEmpty();
  }

  private boolean isStranger(DeviceReport r) {
    return r.lane().equals(self.lane()) && !r.group().isEmpty() && !r.group().equals(group);
  }

  private static FailureException refused(String message) {
    return new FailureException(ErrorCode.INTERNAL_ERROR, message);
  }

  /** The worker is gone. */
  void release() {
    gate.tell("removing the heartbeat", () -> registry.release(self.workerId(), instance));
  }
}
