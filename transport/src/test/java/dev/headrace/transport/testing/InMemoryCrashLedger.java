package dev.headrace.transport.testing;

import dev.headrace.transport.redis.CrashLedger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Marks and counts in maps. */
public final class InMemoryCrashLedger implements CrashLedger {
  private final Predicate<String> lives;
  private final Outage outage;
  private final Map<String, List<String>> marks = new TreeMap<>();
  private final Map<String, Integer> counts = new HashMap<>();

  /**
   * A ledger with its own switch.
   *
   * @param lives whether the worker with this id has a heartbeat, as {@code registry::lives}
   */
  public InMemoryCrashLedger(Predicate<String> lives) {
    this(lives, new Outage());
  }

  public InMemoryCrashLedger(Predicate<String> lives, Outage outage) {
    this.lives = lives;
    this.outage = outage;
  }

  /** The switch that takes this ledger down. */
  public Outage outage() {
    return outage;
  }

  @Override
  public synchronized void started(String workerId, List<String> requests) {
    outage.run(
        () -> {
          marks.put(workerId, List.copyOf(requests));
        });
  }

  @Override
  public synchronized int moved(String workerId, int gone, List<String> come) {
    return outage.run(
        () -> {
          List<String> before = marks.getOrDefault(workerId, List.of());
          List<String> names =
              new ArrayList<>(before.subList(Math.min(gone, before.size()), before.size()));
          names.addAll(come);
          marks.put(workerId, List.copyOf(names));
          return names.size();
        });
  }

  @Override
  public synchronized void idle(String workerId) {
    outage.run(
        () -> {
          marks.remove(workerId);
        });
  }

  @Override
  public synchronized void bury(Collection<String> workerIds) {
    outage.run(
        () -> {
          for (String worker : workerIds) {
            List<String> mark = marks.remove(worker);
            if (mark != null) {
              mark.forEach(r -> counts.merge(r, 1, Integer::sum));
            }
          }
        });
  }

  @Override
  public synchronized List<String> dead() {
    return outage.run(() -> marks.keySet().stream().filter(w -> !lives.test(w)).toList());
  }

  @Override
  public synchronized Set<String> marked(String exceptWorkerId) {
    return outage.run(
        () -> {
          Set<String> requests = new HashSet<>();
          marks.forEach(
              (worker, mark) -> {
                if (!worker.equals(exceptWorkerId)) {
                  requests.addAll(mark);
                }
              });
          return requests;
        });
  }

  @Override
  public synchronized Map<String, Integer> crashes() {
    return outage.run(() -> Map.copyOf(counts));
  }

  @Override
  public synchronized void forget(String request) {
    outage.run(
        () -> {
          counts.remove(request);
        });
  }
}
