package dev.headrace.worker.loop;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * How much the worker takes before it is done with it. The first two limits pause the intake; the
 * last one makes what was read wait for its turn, see {@link Turns}.
 *
 * @param maxRequests records taken and not acknowledged; one poll may come on top
 * @param maxBytes of these records
 * @param maxQueue predicted service time of what waits at the device, of each kind of work
 */
public record IntakeConfig(int maxRequests, long maxBytes, Duration maxQueue) {
  public static IntakeConfig read(Settings s) {
    return new IntakeConfig(
        s.integer(
            "worker.max-in-flight",
            4096,
            1,
            1_000_000,
            "Records taken and not acknowledged above which no more are taken."),
        s.bytes(
            "worker.max-in-flight-bytes",
            "64MiB",
            "Bytes of those records above which no more are taken."),
        s.duration(
            "worker.max-queue",
            Duration.ofSeconds(2),
            Duration.ofMillis(1),
            Duration.ofHours(1),
            "Predicted service time of what waits for the device above which no more is let in; of each"
                + " model that generates, and of all other models together."));
  }
}
