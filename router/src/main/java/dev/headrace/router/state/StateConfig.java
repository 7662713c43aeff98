package dev.headrace.router.state;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * How the router sees the fleet.
 *
 * @param window how much work per worker may lie in a lane
 * @param refresh time between two looks at heartbeats and lag
 * @param memory how long a model is known after the last worker that reported it
 */
public record StateConfig(Duration window, Duration refresh, Duration memory) {
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
            "How long requests for a model wait for a worker after the last one that had it."));
  }

  /** The window in seconds. */
  double windowSeconds() {
    return window.toNanos() * 1e-9;
  }
}
