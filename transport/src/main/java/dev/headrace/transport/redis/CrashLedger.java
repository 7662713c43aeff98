package dev.headrace.transport.redis;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which requests ran when a worker died. Requests are named {@code client/id}. Throws
 * FailureException STORE_UNAVAILABLE.
 */
public interface CrashLedger {
  /** Notes the batch that starts now; replaces the one before. */
  void started(String workerId, List<String> requests);

  /**
   * Changes the mark: its oldest names go, others come behind the rest.
   *
   * @param gone how many go
   * @param come at least one
   * @return how many it names now; another number than the caller expects when the mark was taken
   *     away in between, for instance by a burial
   */
  int moved(String workerId, int gone, List<String> come);

  /** Notes that nothing runs. */
  void idle(String workerId);

  /**
   * Counts a crash for each request that a dead worker's mark names, and removes the mark: whoever
   * comes first counts.
   *
   * @param workerIds workers of which the caller knows that they are dead, or that are itself at
   *     start-up
   */
  void bury(Collection<String> workerIds);

  /** Ids of workers that left a mark and have no heartbeat. */
  List<String> dead();

  /** What the marks of all workers but this one name. */
  Set<String> marked(String exceptWorkerId);

  /** Counted crashes by request; requests without one are left out. */
  Map<String, Integer> crashes();

  /** Forgets a request's crashes: it has its outcome. */
  void forget(String request);
}
