package dev.headrace.router.rescue;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which lanes have been without a worker for too long. A worker that drains still has records, so
 * it counts; one that loads has none yet and is no member of the lane's group, and one whose device
 * is stalled does nothing with those that it has.
 */
final class Orphans {
  private final long afterNanos;
  private final Map<String, Long> servedAt = new HashMap<>();

  Orphans(long afterNanos) {
    this.afterNanos = afterNanos;
  }

  /**
   * Notes who lives.
   *
   * @param lanes all that have a topic
   * @return those that nobody has served for that long
   */
  Set<String> look(Set<String> lanes, Collection<DeviceReport> reports, long nowNanos) {
    servedAt.keySet().retainAll(lanes);
    for (DeviceReport report : reports) {
      boolean serves =
          report.state() == WorkerState.READY || report.state() == WorkerState.DRAINING;
      if (serves && lanes.contains(report.lane())) {
        servedAt.put(report.lane(), nowNanos);
      }
    }
    Set<String> orphans = new TreeSet<>();
    for (String lane : lanes) {
      // A lane that is seen for the first time may have a worker that is about to report.
      long since = servedAt.computeIfAbsent(lane, l -> nowNanos);
      if (nowNanos - since >= afterNanos) {
        orphans.add(lane);
      }
    }
    return orphans;
  }

  /** Heartbeats cannot be read: nobody's silence counts. */
  void blind(long nowNanos) {
    servedAt.replaceAll((lane, since) -> nowNanos);
  }
}
