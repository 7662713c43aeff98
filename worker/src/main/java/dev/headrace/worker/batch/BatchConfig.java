package dev.headrace.worker.batch;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * Limits of a batch.
 *
 * @param maxRows rows
 * @param maxTokens rows times padded length; one row is always allowed
 * @param maxDuration predicted service time; one row is always allowed
 * @param longestDuration the same when no request of the last minute was in a hurry; see {@link
 *     Patience}
 * @param ahead work that the device's thread should have before it, so that it does not wait for
 *     the loop; batches are formed as late as this allows
 */
public record BatchConfig(
    int maxRows, int maxTokens, Duration maxDuration, Duration longestDuration, Duration ahead) {
  public static BatchConfig read(Settings s) {
    return new BatchConfig(
        s.integer("worker.batch.max-rows", 256, 1, 65_536, "Most rows in a batch."),
        s.integer(
            "worker.batch.max-tokens",
            16_384,
            1,
            16_777_216,
            "Most tokens in a batch, padding included."),
        s.duration(
            "worker.batch.max-duration",
            Duration.ofMillis(250),
            Duration.ofMillis(1),
            Duration.ofMinutes(1),
            "Longest service time, as predicted, that a batch is filled up to, if deadlines are"
                + " tight."),
        s.duration(
            "worker.batch.longest-duration",
            Duration.ofSeconds(1),
            Duration.ofMillis(1),
            Duration.ofMinutes(1),
            "The same if they are not: a twentieth of the tightest time from submission to"
                + " deadline of the last minute, at most this."),
        s.duration(
            "worker.batch.ahead",
            Duration.ofMillis(20),
            Duration.ZERO,
            Duration.ofSeconds(10),
            "Predicted work below which the device is given its next batch, full or not."));
  }
}
