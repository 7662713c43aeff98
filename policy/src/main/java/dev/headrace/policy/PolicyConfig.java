package dev.headrace.policy;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * How the policy reckons.
 *
 * @param margin time that every request is taken to spend outside of queues and devices
 */
public record PolicyConfig(Duration margin) {
  public static PolicyConfig read(Settings s) {
    return new PolicyConfig(
        s.duration(
            "router.margin",
            Duration.ofMillis(50),
            Duration.ZERO,
            Duration.ofMinutes(10),
            "Time added to every predicted finish: the ways to the worker and back."));
  }

  /** The router's own policy. */
  public RoutingPolicy policy() {
    return new CheapestInTime(margin.toNanos() * 1e-9);
  }
}
