package dev.headrace.router.loop;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;

/**
 * How requests go through the router.
 *
 * @param name of this router, in the source of the outcomes that it makes
 * @param maxRequests taken from one tier's topic and not done; and as many retries of each tier
 * @param maxBytes of those
 * @param lookahead how many waiting requests are planned for at a time
 * @param unknownGrace how long a request waits for a worker that knows its model
 * @param storeWait how long requests wait for Redis before they are routed without it
 * @param lease how long a request may lead identical ones before another takes over
 */
public record LoopConfig(
    String name,
    int maxRequests,
    long maxBytes,
    int lookahead,
    Duration unknownGrace,
    Duration storeWait,
    Duration lease) {
  public static LoopConfig read(Settings s) {
    return new LoopConfig(
        s.text(
            "router.name",
            "router",
            "a text",
            "Name of this router in the outcomes that it makes itself."),
        s.integer(
            "router.buffer.requests",
            10_000,
            1,
            1_000_000,
            "Requests taken from one tier's topic and not done; and as many retries of each tier."),
        s.bytes("router.buffer.bytes", "64MiB", "Size of those requests."),
        s.integer(
            "router.lookahead",
            2000,
            1,
            100_000,
            "How many waiting requests are planned for when the cheap lanes are full."),
        s.duration(
            "router.unknown-model-grace",
            Duration.ofSeconds(5),
            Duration.ZERO,
            Duration.ofHours(1),
            "How long a request waits for a worker that knows its model and task."),
        s.duration(
            "router.store-wait",
            Duration.ofSeconds(2),
            Duration.ZERO,
            Duration.ofMinutes(1),
            "How long requests wait for Redis before they are routed without cache and look-up."),
        s.duration(
            "router.cache-lease",
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofHours(1),
            "How long a request may run for identical ones before one of them takes over."));
  }

  /** The source of outcomes that the router makes. */
  String source() {
    return "/headrace/routers/" + name;
  }
}
