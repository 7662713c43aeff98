package dev.headrace.worker.loop;

import dev.headrace.transport.redis.CrashLedger;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks what runs, so that a record that kills the process is found by others; and knows which
 * requests ran when a worker died. Such a request runs alone; if a worker dies then too, it is
 * poison. A mark that names one request names it a second time as alone, for two crashes in company
 * prove nothing: they happen when the work of a dead worker moves before its death is noticed.
 *
 * <p>Without Redis work goes on unmarked: a crash then goes uncounted.
 */
final class CrashWatch {
  private static final Logger LOG = LoggerFactory.getLogger(CrashWatch.class);

  /** Before the name of a request that was alone; no client's name has a colon. */
  private static final String ALONE = "alone:";

  /** Crashes, at least one of them alone, after which a request is not run any more. */
  static final int POISON_CRASHES = 2;

  /**
   * How often the ledger is read (chosen: well below the time until a dead worker's work moves).
   */
  private static final long REFRESH_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How long a mark may outlive its batch, so that short batches do not cost a call each. */
  private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** How often the marks of others are read while work of theirs has come here (chosen). */
  private static final long OTHERS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Those whose outcome came from elsewhere are never taken out (chosen: some memory). */
  private static final int MOST_DOUBTED = 10_000;

  /** Longest wait for a judgement: well above the life of a heartbeat (chosen). */
  private static final long JUDGED_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final CrashLedger ledger;
  private final StoreGate gate;
  private final String workerId;
  private Map<String, Integer> crashes = new HashMap<>();

  /** What the mark names if it names a few as alone; else empty. */
  private Set<String> alone = Set.of();

  /** Whether there may be a mark. */
  private boolean marked;

  /** Whether the mark names what the ledger was told of {@link RunningNames}, and nothing else. */
  private boolean inStep;

  private final Set<String> toForget = new HashSet<>();
  private boolean refreshDue = true;
  private boolean started;
  private long refreshAt;
  private @Nullable Set<String> others;

  /** Marked by a worker that lives and did not end them for as long as was waited. */
  private final Set<String> doubted = new HashSet<>();

  private long othersAt;
  private long idleSince;
  private boolean idle = true;

  CrashWatch(CrashLedger ledger, StoreGate gate, String workerId) {
    this.ledger = ledger;
    this.gate = gate;
    this.workerId = workerId;
  }

  /** The ledger should be read soon: work of others may have come here. */
  void refresh() {
    refreshDue = true;
  }

  /**
   * Reads the ledger if it is time.
   *
   * @return whether it was read
   */
  boolean runOnce(long nowNanos) {
    linger(nowNanos);
    if ((!refreshDue && nowNanos - refreshAt < 0) || !gate.open()) {
      return false;
    }
    refreshAt = nowNanos + REFRESH_NANOS;
    Map<String, Integer> read = gate.ask("reading the crash ledger", this::readLedger);
    if (read == null) {
      return false;
    }
    refreshDue = false;
    started = true;
    crashes = new HashMap<>(read);
    return true;
  }

  private Map<String, Integer> readLedger() {
    if (!started) {
      // A mark under this id is that of an earlier life.
      ledger.bury(List.of(workerId));
    }
    List<String> dead = ledger.dead().stream().filter(w -> !w.equals(workerId)).toList();
    if (!dead.isEmpty()) {
      LOG.warn("dead workers left marks workers={}", dead);
      ledger.bury(dead);
    }
    for (String request : List.copyOf(toForget)) {
      ledger.forget(request);
      toForget.remove(request);
    }
    return ledger.crashes();
  }

  /** How many workers died while they ran this request. */
  int crashes(String request) {
    return crashes.getOrDefault(request, 0);
  }

  /** Whether it must run alone. */
  boolean suspect(String request) {
    return crashes(request) > 0 || doubted.contains(request);
  }

  /**
   * Whether another worker's mark names a request that came again: that worker may have died of it,
   * and its heartbeat lives a little longer. Then it is not tried before that is known, or alone
   * when that takes too long. Where the broker lends records they come again at once; else so late
   * that nothing is to be awaited.
   */
  boolean awaits(String request, long arrivedNanos, long nowNanos) {
    if (suspect(request)) {
      return false;
    }
    if (others == null || othersAt - arrivedNanos < 0 || nowNanos - othersAt >= OTHERS_NANOS) {
      others = gate.ask("reading the marks of others", () -> ledger.marked(workerId));
      othersAt = nowNanos;
      refreshDue = true;
    }
    if (others != null && !others.contains(request)) {
      return false;
    }
    if (nowNanos - arrivedNanos < JUDGED_NANOS) {
      return true;
    }
    if (doubted.size() >= MOST_DOUBTED) {
      doubted.clear();
    }
    doubted.add(request); // its device may hang
    return false;
  }

  /** Whether it must not run any more. */
  boolean poison(String request) {
    return crashes(request) >= POISON_CRASHES && crashes(ALONE + request) > 0;
  }

  /** The request has its outcome. */
  void ended(String request) {
    doubted.remove(request);
    if (crashes.remove(request) != null) {
      toForget.add(request);
      if (crashes.remove(ALONE + request) != null) {
        toForget.add(ALONE + request);
      }
      refreshDue = true;
    }
  }

  /**
   * These requests are about to be on the device, and no others.
   *
   * @param exactly whether the mark must name no other; else one too many costs at most a run alone
   */
  void running(RunningNames names, boolean exactly) {
    idle = false;
    if (exactly) {
      only(names.all());
    } else if (!inStep || names.stale() || !follows(names)) {
      List<String> all = names.all();
      alone = Set.of();
      inStep = !all.isEmpty() && tell(all);
    }
  }

  /** Tells the ledger what is new; whether it then names what it should. */
  private boolean follows(RunningNames names) {
    if (!names.hasNew()) {
      return true;
    }
    RunningNames.Change change = names.change();
    Integer count =
        gate.ask("marking a batch", () -> ledger.moved(workerId, change.gone(), change.come()));
    return count != null && count == names.size();
  }

  /** These requests are on the device, or hang elsewhere, and the mark must name no other. */
  void only(Collection<String> requests) {
    Set<String> names = new HashSet<>(requests);
    requests.forEach(r -> names.add(ALONE + r));
    inStep = false;
    if (!alone.equals(names) && tell(List.copyOf(names))) {
      alone = names;
    }
  }

  private boolean tell(List<String> names) {
    boolean told = gate.tell("marking a batch", () -> ledger.started(workerId, names));
    marked |= told;
    return told;
  }

  /** Nothing is on the device any more. */
  void idle(long nowNanos) {
    if (!idle) {
      idle = true;
      idleSince = nowNanos;
    }
  }

  private void linger(long nowNanos) {
    if (idle && marked && nowNanos - idleSince >= LINGER_NANOS) {
      clear();
    }
  }

  private void clear() {
    if (gate.tell("clearing the mark", () -> ledger.idle(workerId))) {
      marked = false;
      inStep = false;
      alone = Set.of();
    }
  }

  /**
   * The worker ends.
   *
   * @param crashed whether what runs is under suspicion: then it is counted as a crash
   */
  void close(boolean crashed) {
    if (crashed) {
      gate.tell("burying the mark", () -> ledger.bury(List.of(workerId)));
    } else if (marked) {
      clear();
    }
  }
}
