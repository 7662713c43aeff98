package dev.headrace.router.state;

import dev.headrace.policy.Reports;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.RouterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads heartbeats and lag away from the loop, so that a slow Redis or a slow broker delays no
 * request. The loop asks and fetches the answer later; one question at a time.
 */
public final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  private final DeviceRegistry registry;
  private final RouterRegistry routers;
  private final LaneTopics topics;
  private final Executor thread;
  private final AtomicBoolean asked = new AtomicBoolean();
  private final AtomicReference<@Nullable Reading> answer = new AtomicReference<>();

  /**
   * Readings that find nothing in a lane without heartbeats, after which it is not counted any more
   * (chosen): what was sent when its last worker went may be in its topic only at the next.
   */
  private static final int LEFT_ALONE = 2;

  /** Lanes that are counted, and how often nothing was found since they have no heartbeats. */
  private final Map<String, Integer> lanes = new TreeMap<>();

  /**
   * Lanes that had heartbeats when those were read last: only their topics are created. Another
   * lane's was taken away by somebody, and nobody needs it.
   */
  private Set<String> served = Set.of();

  /** Lanes whose topics Kafka did not let be created the last time: told once. */
  private Set<String> refused = Set.of();

  private boolean registryFailed;
  private boolean topicsFailed;

  /**
   * A watch.
   *
   * @param thread runs one task at a time
   */
  public Watch(
      DeviceRegistry registry, RouterRegistry routers, LaneTopics topics, Executor thread) {
    this.registry = registry;
    this.routers = routers;
    this.topics = topics;
    this.thread = thread;
  }

  /** Asks for a reading and tells the other routers about this one, unless one is under way. */
  void ask(long nowNanos, Map<String, Double> marks, RouterReport own) {
    if (asked.compareAndSet(false, true)) {
      thread.execute(() -> answer.set(read(nowNanos, marks, own)));
    }
  }

  /** The reading that was asked for, once; null while it is not there. */
  @Nullable Reading take() {
    Reading reading = answer.getAndSet(null);
    if (reading != null) {
      asked.set(false);
    }
    return reading;
  }

  private Reading read(long nowNanos, Map<String, Double> marks, RouterReport own) {
    List<DeviceReport> reports = reports();
    List<RouterReport> others = reports == null ? null : others(own);
    Set<String> named = new TreeSet<>(reports == null ? lanes.keySet() : Set.of());
    if (reports != null) {
      reports.stream().filter(Reports::usable).forEach(r -> named.add(r.lane()));
      served = named;
    }
    named.forEach(lane -> lanes.put(lane, 0));
    Map<String, Long> lag = lag();
    Set<String> gone = new TreeSet<>();
    if (lag != null) {
      gone.addAll(lanes.keySet());
      gone.removeAll(named);
      gone.removeAll(lag.keySet());
      lanes.replaceAll(
          (lane, empty) -> named.contains(lane) || lag.getOrDefault(lane, 0L) > 0 ? 0 : empty + 1);
      lanes.values().removeIf(empty -> empty >= LEFT_ALONE);
    }
    Long routerLag = lag == null ? null : routerLag();
    return new Reading(nowNanos, marks, reports, others, lag, gone, routerLag);
  }

  private @Nullable List<RouterReport> others(RouterReport own) {
    try {
      routers.publish(own);
      return routers.list().stream().filter(r -> !r.routerId().equals(own.routerId())).toList();
    } catch (FailureException e) {
      return null; // the next reading says that Redis does not answer
    }
  }

  private @Nullable List<DeviceReport> reports() {
    try {
      List<DeviceReport> reports = registry.list();
      registryFailed = false;
      return reports;
    } catch (FailureException e) {
      if (!registryFailed) {
        LOG.warn("heartbeats cannot be read, going on with the last cause={}", e.getMessage());
      }
      registryFailed = true;
      return null;
    }
  }

  private @Nullable Long routerLag() {
    try {
      return topics.routerLag();
    } catch (FailureException e) {
      return null; // the lanes' lag, read just before, is what decisions need
    }
  }

  /** Open at the next reading; one that Kafka refuses must not hide the others' lag. */
  private void create(Set<String> missing) {
    if (missing.isEmpty()) {
      refused = missing;
      return;
    }
    try {
      topics.create(missing);
      refused = Set.of();
    } catch (FailureException e) {
      if (!refused.equals(missing)) {
        LOG.warn("topics of lanes cannot be created lanes={} cause={}", missing, e.getMessage());
      }
      refused = missing;
    }
  }

  private @Nullable Map<String, Long> lag() {
    if (lanes.isEmpty()) {
      return Map.of();
    }
    try {
      Map<String, Long> lag = topics.lag(Set.copyOf(lanes.keySet()));
      topicsFailed = false;
      Set<String> missing = new TreeSet<>(served);
      missing.removeAll(lag.keySet());
      create(missing);
      return lag;
    } catch (FailureException e) {
      if (!topicsFailed) {
        LOG.warn("lag cannot be read, going on with the last cause={}", e.getMessage());
      }
      topicsFailed = true;
      return null;
    }
  }
}
