package dev.headrace.router.metrics;

import dev.headrace.policy.Lane;
import dev.headrace.policy.Reason;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.scaling.LaneDemand;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * The router's meters, all named {@code headrace.router.*}. Counters are looked up in maps of our
 * own: the registry's look-up by tags would cost as much as a decision.
 */
public final class RouterMetrics {
  private record Decided(String lane, Tier tier, Reason reason) {}

  /** A number that one thread sets and others read. */
  private static final class Level {
    private volatile double value;
  }

  private record LaneKey(String lane, String deviceType) {}

  /** What an autoscaler may go by. */
  private final class LaneLevels {
    private final Level seconds;
    private final Level waiting;
    private final Level slack;

    private LaneLevels(LaneKey key) {
      Tags tags = Tags.of("lane", key.lane, "device_type", key.deviceType);
      seconds = level("lane.seconds", tags);
      waiting = level("lane.waiting.seconds", tags);
      slack = level("lane.slack.seconds", tags);
    }

    private void set(LaneDemand demand) {
      seconds.value = demand.laneSeconds();
      waiting.value = demand.waitingSeconds();
      Double least = demand.slackSeconds();
      slack.value = least == null ? NO_SLACK : least;
    }
  }

  /** Slack of a lane for which nothing waits: a day (chosen, longer than any deadline in use). */
  private static final double NO_SLACK = 86_400;

  private final MeterRegistry registry;
  private final Map<Decided, Counter> decisions = new HashMap<>();
  private final Map<String, Counter> counters = new HashMap<>();
  private final Map<String, Counter> tenantSeconds = new HashMap<>();
  private final Map<String, Counter> quota = new HashMap<>();
  private final Map<Tier, Level> buffered = new EnumMap<>(Tier.class);
  private final Map<LaneKey, LaneLevels> lanes = new HashMap<>();
  private final Map<String, Level> laneRecords = new HashMap<>();
  private final Level routers;
  private final Level inFlight;
  private final Level held;
  private final Level storeUp;
  private final Level brokerUp;

  public RouterMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Tier tier : Tier.values()) {
      buffered.put(tier, level("buffered.requests", Tags.of("tier", tier.wireName())));
    }
    routers = level("routers", Tags.empty());
    inFlight = level("inflight.requests", Tags.empty());
    held = level("held.requests", Tags.empty());
    storeUp = level("store.up", Tags.empty());
    brokerUp = level("broker.up", Tags.empty());
  }

  private Level level(String name, Tags tags) {
    Level level = new Level();
    Gauge.builder("headrace.router." + name, level, l -> l.value)
        .tags(tags)
        .strongReference(true)
        .register(registry);
    return level;
  }

  private void count(String name, String tag, String value) {
    counters
        .computeIfAbsent(
            name + '/' + value, k -> registry.counter("headrace.router." + name, tag, value))
        .increment();
  }

  /** A request goes to a lane. */
  public void decided(Lane lane, Tier tier, Reason reason) {
    decisions
        .computeIfAbsent(
            new Decided(lane.name(), tier, reason),
            d ->
                registry.counter(
                    "headrace.router.decisions",
                    Tags.of(
                        "lane", lane.name(),
                        "device_type", lane.deviceType(),
                        "tier", tier.wireName(),
                        "reason", reason.wireName())))
        .increment();
  }

  /** Device time that a tenant's request is predicted to take, in seconds. */
  public void used(String tenant, double seconds) {
    tenantSeconds
        .computeIfAbsent(
            tenant, t -> registry.counter("headrace.router.tenant.seconds", "tenant", t))
        .increment(seconds);
  }

  /** A request was beyond its tenant's quota: {@code delay} or {@code reject}. */
  public void overQuota(String tenant, String action) {
    quota
        .computeIfAbsent(
            tenant + '/' + action,
            k -> registry.counter("headrace.router.quota", "tenant", tenant, "action", action))
        .increment();
  }

  /** A retry found no room to wait here, or made room: it went to a retry topic once more. */
  public void retryReturned(Tier tier) {
    count("retries.returned", "tier", tier.wireName());
  }

  /** An outcome was made here. */
  public void ended(Status status) {
    count("outcomes", "status", status.name());
  }

  /** A request was answered from the cache: {@code hit}, leads: {@code lead}, or follows. */
  public void resolved(String place) {
    count("cache", "place", place);
  }

  /** A request had its outcome when it came: cancelled, or read twice. */
  public void standing(Status status) {
    count("standing", "status", status.name());
  }

  public void deadLettered(ErrorCode code) {
    count("dead.letters", "code", code.wireId());
  }

  public void buffered(Tier tier, int requests) {
    Level level = buffered.get(tier);
    if (level != null) {
      level.value = requests;
    }
  }

  /** Taken and not done; held for a worker that can run them. */
  public void inFlight(int taken, int waitingForWorker) {
    inFlight.value = taken;
    held.value = waitingForWorker;
  }

  /**
   * What is ahead in the lanes and waits for them; a lane that is left out has nothing.
   *
   * @param records in each lane's topic, as last counted
   */
  public void lanes(Demand demand, Map<String, Long> records) {
    lanes.forEach(
        (key, levels) -> {
          LaneDemand now = demand.of(key.lane);
          if (!now.deviceType().equals(key.deviceType)) {
            levels.set(LaneDemand.none(key.lane));
          }
        });
    for (LaneDemand d : demand.lanes().values()) {
      lanes.computeIfAbsent(new LaneKey(d.lane(), d.deviceType()), LaneLevels::new).set(d);
    }
    laneRecords.forEach((lane, level) -> level.value = records.getOrDefault(lane, 0L));
    records.forEach(
        (lane, n) ->
            laneRecords.computeIfAbsent(lane, l -> level("lane.records", Tags.of("lane", l)))
                    .value =
                n);
  }

  /** Routers that share the lanes, this one included. */
  public void routers(int count) {
    routers.value = count;
  }

  public void storeUp(boolean up) {
    storeUp.value = up ? 1 : 0;
  }

  public void brokerUp(boolean up) {
    brokerUp.value = up ? 1 : 0;
  }
}
