package dev.headrace.router.state;

import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.service.PlannedLane;
import dev.headrace.protocol.service.PlannedLanes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How the router sees the fleet.
 *
 * @param window how much work per worker may lie in a lane
 * @param refresh time between two looks at heartbeats and lag
 * @param memory how long a model is known after the last worker that reported it
 * @param planned lanes that may be waited for while they have no worker
 */
public record StateConfig(
    Duration window, Duration refresh, Duration memory, List<PlannedLane> planned) {
  public StateConfig {
    planned = List.copyOf(planned);
  }

  public static StateConfig read(Settings s) {
    return new StateConfig(
        s.duration(
            "router.lane.window",
            Duration.ofSeconds(2),
            Duration.ofMillis(10),
            Duration.ofHours(1),
            "Seconds of work per worker that a lane may hold; the rest waits in the router."),
        s.duration(
            "router.refresh-interval",
            Duration.ofMillis(500),
            Duration.ofMillis(10),
            Duration.ofMinutes(1),
            "Time between two readings of heartbeats and of the lanes' lag."),
        s.duration(
            "router.model-memory",
            Duration.ofMinutes(10),
            Duration.ZERO,
            Duration.ofDays(1),
            "How long requests for a model wait for a worker after the last one that had it."),
        planned(s));
  }

  private static List<PlannedLane> planned(Settings s) {
    String key = "router.fleet-file";
    String file =
        s.text(
            key,
            "",
            "a file",
            "JSON file of lanes that may have no worker: price, start-up time, models or their profiles;"
                + " none if empty.");
    if (file.isEmpty()) {
      return List.of();
    }
    try {
      return PlannedLanes.read(Path.of(file));
    } catch (IOException | IllegalArgumentException e) {
      s.problem(key, file, "a file of lanes; " + e.getMessage(), "settings");
      return List.of();
    }
  }

  /** The window in seconds. */
  double windowSeconds() {
    return window.toNanos() * 1e-9;
  }
}
