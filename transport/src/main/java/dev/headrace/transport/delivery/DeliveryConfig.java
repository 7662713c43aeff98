package dev.headrace.transport.delivery;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * How outcomes are delivered.
 *
 * @param publish whether outcomes also go to Kafka
 * @param inlineBytes largest body that a Kafka outcome carries; larger ones stay in Redis
 * @param linger how long outcomes are collected before they are appended to their common topic
 * @param retryPause wait after Redis or Kafka did not answer
 */
public record DeliveryConfig(
    boolean publish, long inlineBytes, Duration linger, Duration retryPause) {
  public static DeliveryConfig read(Settings s) {
    return new DeliveryConfig(
        s.flag("outcomes.publish", true, "Whether outcomes go to a Kafka topic too."),
        s.bytes(
            "outcomes.inline-bytes",
            "512KiB",
            "Largest body in a Kafka outcome; of a larger one the record names the Redis key."),
        s.duration(
            "outcomes.linger",
            Duration.ofMillis(10),
            Duration.ZERO,
            Duration.ofSeconds(1),
            "How long outcomes are collected before they go to Kafka; clients read them from Redis."),
        s.duration(
            "outcomes.retry-pause",
            Duration.ofMillis(200),
            Duration.ofMillis(1),
            Duration.ofMinutes(1),
            "Wait before delivering again when Redis or Kafka did not answer."));
  }
}
