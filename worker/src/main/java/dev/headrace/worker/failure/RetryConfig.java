package dev.headrace.worker.failure;

import dev.headrace.protocol.config.Settings;

/**
 * How often a request is tried.
 *
 * @param maxAttempts attempts in all, on all device types together
 */
public record RetryConfig(int maxAttempts) {
  public static RetryConfig read(Settings s) {
    return new RetryConfig(
        s.integer(
            "worker.retry.max-attempts",
            4,
            1,
            1000,
            "Attempts of one request, the first included, before it is a dead letter."));
  }
}
