package dev.headrace.router.state;

import dev.headrace.policy.Candidate;
import dev.headrace.policy.Fleet;
import dev.headrace.policy.FleetBuilder;
import dev.headrace.policy.Lane;
import dev.headrace.policy.ServedModel;
import dev.headrace.policy.Snapshot;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.service.DeviceReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The router's picture of fleet and lanes. Refreshed from readings as they come; without them it
 * goes on with the last ones. Owned by the loop.
 */
public final class RouterState {
  /** A request of which nothing is known yet: one text of a usual length (chosen). */
  private static final Size USUAL = new Size(1, 128);

  private final StateConfig config;
  private final Watch watch;
  private final LongSupplier nanos;
  private final ModelMemory memory;
  private final Map<String, LaneLedger> ledgers = new HashMap<>();

  /** Lanes whose topic was counted at least once. */
  private final Set<String> open = new HashSet<>();

  private List<DeviceReport> reports = List.of();
  private Fleet fleet = Fleet.EMPTY;

  /** Seconds of a usual request by lane, for lanes to which nothing was sent yet. */
  private double[] usual = {};

  private long version;
  private long askAtNanos;
  private boolean heartbeatsSeen;
  private boolean storeAnswers = true;
  private boolean brokerAnswers = true;

  public RouterState(StateConfig config, Watch watch, LongSupplier nanos) {
    this.config = config;
    this.watch = watch;
    this.nanos = nanos;
    this.memory = new ModelMemory(config.memory());
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
      watch.ask(now, marks);
      askAtNanos = now + config.refresh().toNanos();
    }
  }

  private void take(Reading reading, long now) {
    storeAnswers = reading.reports() != null;
    brokerAnswers = reading.lag() != null;
    if (reading.reports() != null) {
      reports = reading.reports();
      heartbeatsSeen = true;
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
    }
    rebuild(now);
  }

  private void rebuild(long now) {
    Fleet built = FleetBuilder.build(reports, open, config.windowSeconds());
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
    double[] seconds = new double[lanes.size()];
    for (int i = 0; i < seconds.length; i++) {
      Lane lane = lanes.get(i);
      seconds[i] = ledger(lane.name()).seconds(lane.workers(), usual[i], now);
    }
    return Snapshot.of(fleet, seconds);
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
    return problems;
  }
}
