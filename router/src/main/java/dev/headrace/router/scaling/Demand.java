package dev.headrace.router.scaling;

import dev.headrace.policy.Lane;
import dev.headrace.policy.Snapshot;
import dev.headrace.protocol.service.RouterReport.Waiting;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The demand for every lane, as of one moment. */
public record Demand(Map<String, LaneDemand> lanes) {
  /** Before anything was seen. */
  public static final Demand NONE = new Demand(Map.of());

  public Demand {
    lanes = Map.copyOf(lanes);
  }

  /**
   * The demand that a snapshot shows.
   *
   * @param waiting in all routers together, by lane
   */
  public static Demand of(Snapshot snapshot, Map<String, Waiting> waiting) {
    Map<String, LaneDemand> demand = new TreeMap<>();
    List<Lane> lanes = snapshot.fleet().lanes();
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      Waiting w = waiting.get(lane.name());
      demand.put(
          lane.name(),
          new LaneDemand(
              lane.name(),
              lane.deviceType(),
              lane.workers(),
              snapshot.sentSeconds(i),
              w == null ? 0 : w.seconds(),
              w == null ? null : (Double) w.slackSeconds()));
    }
    return new Demand(demand);
  }

  /** Of one lane. */
  public LaneDemand of(String lane) {
    LaneDemand demand = lanes.get(lane);
    return demand == null ? LaneDemand.none(lane) : demand;
  }
}
