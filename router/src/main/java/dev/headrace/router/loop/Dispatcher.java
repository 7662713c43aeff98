package dev.headrace.router.loop;

import dev.headrace.policy.Decision;
import dev.headrace.policy.Lane;
import dev.headrace.policy.RoutingPolicy;
import dev.headrace.policy.Snapshot;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.RouterReport.Waiting;
import dev.headrace.protocol.tenant.OverQuota;
import dev.headrace.router.buffer.TierBuffer;
import dev.headrace.router.buffer.TierBuffer.Verdict;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.state.RouterState;
import dev.headrace.router.tenant.Tenants;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Sends what should go now. Each scan goes through the buffer in order and asks the policy about
 * one request after the other; the snapshot for the next contains what became of those before, also
 * of those that wait. So a request is sent to a dear lane as soon as those before it will keep the
 * cheap one busy beyond its deadline, and not while they will not.
 */
final class Dispatcher {
  /** Pause after a scan that left requests waiting: lanes drain in seconds (chosen). */
  private static final long REPLAN_NANOS = 5_000_000;

  /** The pause doubles up to this while scans send nothing and nothing comes (chosen). */
  private static final long LONGEST_REPLAN_NANOS = 40_000_000;

  /** Looking again and again at what waits takes at most a tenth of the time (chosen). */
  private static final long PAUSES_PER_SCAN = 9;

  /** Nobody notices a deadline's end earlier (chosen). */
  private static final long EXPIRE_NANOS = 1_000_000;

  private final TierBuffer<Entry> buffer;
  private final Tenants tenants;
  private final RoutingPolicy policy;
  private final RouterState state;
  private final RouterMetrics metrics;
  private final Exits exits;
  private final Holding holding;
  private final LongSupplier nanos;
  private final int lookahead;
  private final Map<Integer, Tally> waiting = new HashMap<>();
  private long nextScanAt;

  /** Earliest scan once something comes. */
  private long freshScanAt;

  private long pause = REPLAN_NANOS;
  private long arrivals;
  private long expireAt;
  private Snapshot snapshot;

  Dispatcher(Parts parts, Exits exits, Holding holding, TierBuffer<Entry> buffer, Tenants tenants) {
    this.policy = parts.policy();
    this.state = parts.state();
    this.metrics = parts.metrics();
    this.nanos = parts.nanos();
    this.lookahead = parts.config().lookahead();
    this.exits = exits;
    this.holding = holding;
    this.buffer = buffer;
    this.tenants = tenants;
    this.nextScanAt = nanos.getAsLong();
    this.freshScanAt = nextScanAt;
    this.expireAt = nextScanAt;
    this.snapshot = state.snapshot();
  }

  void step() {
    Instant now = exits.now();
    long nowNanos = nanos.getAsLong();
    if (nowNanos - expireAt >= 0) {
      expireAt = nowNanos + EXPIRE_NANOS;
      buffer.takeExpired(now, entry -> entry.request().expiredAt(now), exits::expire);
    }
    if (buffer.size() == 0) {
      state.waiting(Map.of());
      return;
    }
    boolean fresh = buffer.arrivals() != arrivals;
    if (nowNanos - (fresh ? freshScanAt : nextScanAt) < 0) {
      return;
    }
    arrivals = buffer.arrivals();
    snapshot = state.snapshot();
    waiting.clear();
    int taken = buffer.scan(lookahead, entry -> decide(entry, now));
    state.waiting(waiting.isEmpty() ? Map.of() : seen());
    if (buffer.size() > 0) {
      pause = fresh || taken > 0 ? REPLAN_NANOS : Math.min(2 * pause, LONGEST_REPLAN_NANOS);
      long end = nanos.getAsLong();
      long least = PAUSES_PER_SCAN * (end - nowNanos);
      freshScanAt = end + Math.max(REPLAN_NANOS, least);
      nextScanAt = end + Math.max(pause, least);
    }
  }

  /** Nanoseconds until what waits is looked at again, if nothing more comes. */
  long untilNextScan() {
    long at = buffer.arrivals() == arrivals ? nextScanAt : freshScanAt;
    return Math.max(0, at - nanos.getAsLong());
  }

  private Verdict decide(Entry entry, Instant now) {
    String tenant = entry.request().tenant();
    if (!tenants.mayRun(tenant)) {
      return overQuota(entry);
    }
    Decision decision = policy.choose(entry.request(), snapshot, now);
    if (decision instanceof Decision.Place place) {
      exits.toLane(entry, place);
      tenants.charge(tenant, place.seconds());
      metrics.used(tenants.label(tenant), place.seconds());
      snapshot = snapshot.withSent(place.lane(), place.seconds());
      return Verdict.take(place.seconds());
    }
    if (decision instanceof Decision.Wait wait) {
      snapshot = snapshot.withPlanned(wait.lane(), wait.seconds());
      waiting.computeIfAbsent(wait.lane(), l -> new Tally()).add(wait, entry.request().tier());
      return Verdict.leave(wait.seconds());
    }
    holding.add(entry);
    return Verdict.take(0);
  }

  /** Those that came with it, when there was device time left, may have used that up. */
  private Verdict overQuota(Entry entry) {
    if (tenants.terms(entry.request().tenant()).over() == OverQuota.DELAY) {
      return Verdict.shut();
    }
    exits.refuse(entry, tenants);
    return Verdict.take(0);
  }

  /** What waits for which lane; what lies beyond the lookahead is taken to be of the same kind. */
  private Map<String, Waiting> seen() {
    Map<Tier, Long> count = new EnumMap<>(Tier.class);
    for (Tally tally : waiting.values()) {
      tally.byTier.forEach((tier, share) -> count.merge(tier, share.requests, Long::sum));
    }
    boolean all = count.values().stream().mapToLong(Long::longValue).sum() < lookahead;
    Map<Tier, Double> scale = new EnumMap<>(Tier.class);
    count.forEach((tier, n) -> scale.put(tier, all ? 1 : (double) buffer.size(tier) / n));
    List<Lane> lanes = snapshot.fleet().lanes();
    Map<String, Waiting> byLane = new HashMap<>();
    waiting.forEach((lane, t) -> byLane.put(lanes.get(lane).name(), t.waiting(scale)));
    return byLane;
  }

  /** What waits for one lane. */
  private static final class Tally {
    private final Map<Tier, Share> byTier = new EnumMap<>(Tier.class);
    private double slackSeconds = Double.MAX_VALUE;

    /** Of one tier. */
    private static final class Share {
      private double seconds;
      private long requests;
    }

    void add(Decision.Wait wait, Tier tier) {
      Share share = byTier.computeIfAbsent(tier, t -> new Share());
      share.seconds += wait.seconds();
      share.requests++;
      slackSeconds = Math.min(slackSeconds, wait.slackSeconds());
    }

    Waiting waiting(Map<Tier, Double> scale) {
      Waiting waiting = new Waiting(0, 0, slackSeconds);
      for (Map.Entry<Tier, Share> entry : byTier.entrySet()) {
        Tier tier = entry.getKey();
        Share share = entry.getValue();
        Map<Tier, Double> own = Map.of(tier, share.seconds);
        Waiting seen = new Waiting(share.seconds, share.requests, slackSeconds, own);
        waiting = waiting.plus(seen.times(scale.getOrDefault(tier, 1.0)));
      }
      return waiting;
    }
  }

  /** Tells the metrics what is ahead, and whoever scales the fleet. */
  Demand observe() {
    for (Tier tier : Tier.values()) {
      metrics.buffered(tier, buffer.size(tier));
    }
    Demand demand = Demand.of(state.snapshot(), state.allWaiting());
    metrics.lanes(demand, state.lag());
    metrics.routers(state.routers());
    return demand;
  }
}
