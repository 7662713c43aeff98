package dev.headrace.cli.http;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.scaling.LaneDemand;
import java.util.TreeMap;

/**
 * What an autoscaler reads, as KEDA's metrics-api scaler expects it: {@code GET /scaling/LANE}
 * answers one object whose {@code value} is the number to scale by, {@code GET /scaling} those of
 * all lanes.
 */
final class ScalingPage {
  static final String PATH = "/scaling";

  private static final JsonMapper MAPPER = new JsonMapper();

  private ScalingPage() {}

  /** The answer for a path that begins with {@link #PATH}. */
  static String answer(Demand demand, String path) {
    String lane = path.substring(PATH.length()).replaceFirst("^/", "");
    if (!lane.isEmpty()) {
      // A lane that nobody waits for and nobody serves needs no worker: 0, not an error.
      return lane(demand.of(lane)).toString();
    }
    ObjectNode lanes = MAPPER.createObjectNode();
    new TreeMap<>(demand.lanes()).forEach((name, d) -> lanes.set(name, lane(d)));
    return MAPPER.createObjectNode().set("lanes", lanes).toString();
  }

  private static ObjectNode lane(LaneDemand d) {
    ObjectNode node =
        MAPPER
            .createObjectNode()
            .put("lane", d.lane())
            .put("device_type", d.deviceType())
            .put("workers", d.workers())
            .put("value", d.seconds())
            .put("lane_seconds", d.laneSeconds())
            .put("waiting_seconds", d.waitingSeconds());
    return node.put("slack_seconds", d.slackSeconds());
  }
}
