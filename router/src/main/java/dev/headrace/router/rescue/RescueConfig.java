package dev.headrace.router.rescue;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * When a lane's records are moved.
 *
 * @param after how long a lane must have been without a worker
 * @param interval time between two looks
 */
public record RescueConfig(Duration after, Duration interval) {
  public static RescueConfig read(Settings s) {
    return new RescueConfig(
        s.duration(
            "router.rescue.after",
            Duration.ofSeconds(15),
            Duration.ofMillis(100),
            Duration.ofHours(1),
            "How long a lane must have no worker before its records are routed anew."),
        s.duration(
            "router.rescue.interval",
            Duration.ofSeconds(2),
            Duration.ofMillis(20),
            Duration.ofMinutes(10),
            "Time between two looks for lanes without workers."));
  }
}
