package dev.headrace.router.state;

import dev.headrace.policy.Candidate;
import dev.headrace.policy.Fleet;
import dev.headrace.policy.FleetBuilder;
import dev.headrace.policy.Lane;
import dev.headrace.policy.Reports;
import dev.headrace.policy.ServedModel;
import dev.headrace.policy.Snapshot;
import dev.headrace.policy.Snapshot.Loads;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReport.Waiting;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The router's picture of fleet and lanes. Refreshed from readings as they come; without them it
 * goes on with the last ones. Owned by the loop.
 */
public final class RouterState {
  private static final Logger LOG = LoggerFactory.getLogger(RouterState.class);

  /** A request of which nothing is known yet: one text of a usual length (chosen). */
  private static final Size USUAL = new Size(1, 128);

  private final String routerId;
  private final StateConfig config;
  private final Watch watch;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final ModelMemory memory;
  private final Map<String, LaneLedger> ledgers = new HashMap<>();

  /** Lanes whose topic was counted at least once. */
  private final Set<String> open = new HashSet<>();

  private List<DeviceReport> reports = List.of();
  private List<RouterReport> others = List.of();

  /** What is wrong with workers, by their heartbeats; each is logged once. */
  private List<String> troubles = List.of();

  /** Lanes with workers that had no topic at the last reading. */
  private Set<String> withoutTopic = Set.of();

  /** Routers that came or went since the last reading, for all that is known. */
  private int newcomers;

  /** What waits here, as the last scan of the buffer saw it. */
  private Map<String, Waiting> waiting = Map.of();

  /** Requests of the tier topics that were taken here and are not done. */
  private long taken;

  /** Records of the tier topics that no router has committed, as last counted. */
  private long routerLag;

  private final RouterReport.@Nullable Plan plan;
  private long sentRequests;
  private Fleet fleet = Fleet.EMPTY;

  /** Seconds of a usual request by lane, for lanes to which nothing was sent yet. */
  private double[] usual = {};

  private long version;
  private long askAtNanos;
  private boolean heartbeatsSeen;
  private boolean storeAnswers = true;
  private boolean brokerAnswers = true;

  /**
   * A picture without anything in it.
   *
   * @param routerId of this router, unique among those that live
   */
  public RouterState(
      String routerId, StateConfig config, Watch watch, LongSupplier nanos, InstantSource clock) {
    this(routerId, config, null, watch, nanos, clock);
  }

  /**
   * A picture without anything in it.
   *
   * @param routerId of this router, unique among those that live
   * @param plan by which it decides, told to others; null if they need not know
   */
  public RouterState(
      String routerId,
      StateConfig config,
      RouterReport.@Nullable Plan plan,
      Watch watch,
      LongSupplier nanos,
      InstantSource clock) {
    this.routerId = routerId;
    this.plan = plan;
    this.config = config;
    this.watch = watch;
    this.nanos = nanos;
    this.clock = clock;
    this.memory = new ModelMemory(config.memory());
    rebuild(nanos.getAsLong());
    this.askAtNanos = nanos.getAsLong();
  }

  /** Takes a reading that came in, and asks for the next when it is time. */
  public void refresh() {
    long now = nanos.getAsLong();
    Reading reading = watch.take();
    if (reading != null) {
      take(reading, now);
    }
    if (now - askAtNanos >= 0) {
      Map<String, Double> marks = new HashMap<>();
      ledgers.forEach((lane, ledger) -> marks.put(lane, ledger.mark()));
      watch.ask(now, marks, new RouterReport(routerId, waiting, taken, plan));
      askAtNanos = now + untilNextReading();
    }
  }

  /**
   * All routers read at the same times, whole multiples of the interval: each may send its share of
   * a lane's room until the next reading, and nobody may get two shares of the same room.
   */
  private long untilNextReading() {
    long interval = config.refresh().toNanos();
    Instant time = clock.instant();
    long nanosOfTime =
        Math.floorMod(time.getEpochSecond(), 86_400) * 1_000_000_000L + time.getNano();
    long left = interval - nanosOfTime % interval;
    return left < interval / 4 ? left + interval : left;
  }

  /** Slots came or went: another router may have come of which no heartbeat tells yet. */
  public void rebalanced() {
    newcomers = 1;
  }

  /** Notes what waits for which lane, for the other routers and whoever scales the fleet. */
  public void waiting(Map<String, Waiting> byLane) {
    waiting = byLane;
  }

  /** Notes how many requests of the tier topics were taken here and are not done. */
  public void taken(long requests) {
    taken = requests;
  }

  /**
   * What waits for each lane: in all routers together, and in Kafka because the routers' buffers
   * are full. What no router has seen yet is taken to be of the same kind as what waits; while
   * nothing waits, what lies in Kafka is on its way.
   */
  public Map<String, Waiting> allWaiting() {
    Map<String, Waiting> all = new HashMap<>(waiting);
    long seen = taken;
    for (RouterReport other : others) {
      other.waiting().forEach((lane, w) -> all.merge(lane, w, Waiting::plus));
      seen += other.taken();
    }
    long kept = all.values().stream().mapToLong(Waiting::requests).sum();
    long unseen = routerLag - seen;
    if (unseen > 0 && kept > 0) {
      double scale = 1 + (double) unseen / kept;
      all.replaceAll((lane, w) -> w.times(scale));
    }
    return all;
  }

  /** Routers that share the lanes, this one included. */
  public int routers() {
    return 1 + others.size() + newcomers;
  }

  private void take(Reading reading, long now) {
    storeAnswers = reading.reports() != null;
    brokerAnswers = reading.lag() != null;
    if (reading.reports() != null) {
      reports = reading.reports();
      heartbeatsSeen = true;
      List<String> found = new ArrayList<>(Reports.outvoted(reports));
      found.addAll(Reports.stalled(reports));
      found.addAll(closedLanes(reading));
      found.stream().filter(said -> !troubles.contains(said)).forEach(LOG::warn);
      troubles = found;
    }
    if (reading.others() != null) {
      others = reading.others();
      newcomers = 0;
    }
    if (reading.routerLag() != null) {
      routerLag = reading.routerLag();
    }
    if (reading.lag() != null) {
      reading
          .lag()
          .forEach(
              (lane, records) -> {
                double mark = reading.marks().getOrDefault(lane, 0.0);
                ledger(lane).read(records, mark, reading.askedAtNanos());
              });
      open.addAll(reading.lag().keySet());
      for (String lane : reading.gone()) {
        open.remove(lane);
        ledger(lane).read(0, reading.marks().getOrDefault(lane, 0.0), reading.askedAtNanos());
      }
    }
    rebuild(now);
  }

  /** Lanes that have workers, and no topic for the second time: the first reading creates it. */
  private List<String> closedLanes(Reading reading) {
    Map<String, Long> lag = reading.lag();
    if (lag == null) {
      return List.of();
    }
    Set<String> before = withoutTopic;
    withoutTopic =
        reports.stream()
            .filter(r -> Reports.usable(r) && Reports.ready(r) && !lag.containsKey(r.lane()))
            .map(DeviceReport::lane)
            .collect(Collectors.toCollection(TreeSet::new));
    return withoutTopic.stream()
        .filter(before::contains)
        .map(lane -> "lane " + lane + " has workers and gets no work: it has no topic in Kafka")
        .toList();
  }

  private void rebuild(long now) {
    Fleet built = FleetBuilder.build(reports, open, config.planned(), config.windowSeconds());
    Fleet completed = memory.completed(built, now);
    if (!completed.equals(fleet)) {
      fleet = completed;
      usual = usualSeconds(completed);
      version++;
    }
  }

  private LaneLedger ledger(String lane) {
    return ledgers.computeIfAbsent(lane, l -> new LaneLedger(nanos.getAsLong()));
  }

  /** All that a decision needs, as of now. */
  public Snapshot snapshot() {
    long now = nanos.getAsLong();
    List<Lane> lanes = fleet.lanes();
    int count = lanes.size();
    Loads loads =
        new Loads(new double[count], new double[count], new double[count], routers(), sentRequests);
    for (int i = 0; i < count; i++) {
      Lane lane = lanes.get(i);
      LaneLedger ledger = ledger(lane.name());
      loads.sentSeconds()[i] = ledger.seconds(lane.workers(), usual[i], routers(), now);
      loads.requests()[i] = ledger.records(usual[i]);
      for (RouterReport other : others) {
        Waiting w = other.waiting().get(lane.name());
        loads.otherSeconds()[i] += w == null ? 0 : w.seconds();
      }
    }
    return Snapshot.of(fleet, loads);
  }

  /** The mean over the models of each lane. */
  private static double[] usualSeconds(Fleet fleet) {
    double[] seconds = new double[fleet.lanes().size()];
    int[] count = new int[seconds.length];
    for (ServedModel model : fleet.models().values()) {
      for (List<Candidate> candidates : model.lanes().values()) {
        for (Candidate c : candidates) {
          seconds[c.lane()] += c.marginalSeconds(USUAL);
          count[c.lane()]++;
        }
      }
    }
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] /= Math.max(1, count[i]);
    }
    return seconds;
  }

  /** Notes a request on its way to a lane. */
  public void sent(String lane, double seconds) {
    ledger(lane).sent(seconds);
    sentRequests++;
  }

  /** Notes that it is in the lane's topic. */
  public void appended(String lane, double seconds) {
    ledger(lane).appended(seconds);
  }

  /** Notes that the request did not get there. */
  public void withdrawn(String lane, double seconds) {
    ledger(lane).withdrawn(seconds);
  }

  /** Kafka does not take the lane's records: it gets none until it was counted again. */
  public void closed(String lane) {
    open.remove(lane);
    rebuild(nanos.getAsLong());
  }

  public Fleet fleet() {
    return fleet;
  }

  /** Changes when the fleet does. */
  public long version() {
    return version;
  }

  /** The model, or null when no worker reports it or did so lately. */
  public @Nullable ServedModel model(String name) {
    return fleet.model(name);
  }

  /**
   * Whether a model that is not known here is known to nobody: heartbeats are read, and there are
   * some. A router that sees no worker at all cannot tell.
   */
  public boolean knowsTheModels() {
    return heartbeatsSeen && storeAnswers && !fleet.models().isEmpty();
  }

  /** Records in each lane, as last counted. */
  public Map<String, Long> lag() {
    Map<String, Long> lag = new HashMap<>();
    ledgers.forEach((lane, ledger) -> lag.put(lane, ledger.lag()));
    return lag;
  }

  /** Whether Redis answered the last time. */
  public boolean storeAnswers() {
    return storeAnswers;
  }

  /** What keeps the picture from being complete. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    if (!storeAnswers) {
      problems.add("heartbeats cannot be read");
    }
    if (!brokerAnswers) {
      problems.add("lag cannot be read");
    }
    if (heartbeatsSeen && fleet.lanes().isEmpty()) {
      problems.add("no worker is ready");
    }
    problems.addAll(troubles);
    return problems;
  }
}
