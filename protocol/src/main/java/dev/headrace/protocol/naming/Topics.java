package dev.headrace.protocol.naming;

import dev.headrace.protocol.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The Kafka topics and consumer groups. */
public final class Topics {
  public static final String OUTCOMES = "headrace.outcomes";
  public static final String DEAD_LETTERS = "headrace.requests-dlt";

  /** The consumer group that all routers share. */
  public static final String ROUTER_GROUP = "headrace.router";

  /**
   * Waiting times that have a retry topic each (chosen: a factor of about five between them).
   * Records of one topic all wait equally long, so its head is always the next one due.
   */
  public static final List<Duration> RETRY_DELAYS =
      List.of(
          Duration.ofMillis(200),
          Duration.ofSeconds(1),
          Duration.ofSeconds(5),
          Duration.ofSeconds(30));

  private static final String REQUESTS = "headrace.requests.";
  private static final String RETRY = "headrace.retry-";
  private static final String WORK = "headrace.work.";

  private Topics() {}

  /** Where producers publish requests of this tier. */
  public static String requests(Tier tier) {
    return REQUESTS + tier.wireName();
  }

  /** The tier whose topic this is. */
  public static Optional<Tier> tierOf(String topic) {
    return Arrays.stream(Tier.values()).filter(t -> requests(t).equals(topic)).findFirst();
  }

  /** Where a request waits before it is routed again; the delay is one of RETRY_DELAYS. */
  public static String retry(Duration delay) {
    if (!RETRY_DELAYS.contains(delay)) {
      throw new IllegalArgumentException(
          "delay: " + delay + " (expected: one of " + RETRY_DELAYS + ")");
    }
    return RETRY + delay.toMillis();
  }

  /** The delay of this retry topic, empty for any other topic. */
  public static Optional<Duration> retryDelayOf(String topic) {
    return RETRY_DELAYS.stream().filter(d -> retry(d).equals(topic)).findFirst();
  }

  /** Work for the pool that serves this lane. */
  public static String work(String lane) {
    return WORK + lane;
  }

  /** The lane whose work topic this is, empty for any other topic. */
  public static Optional<String> laneOf(String topic) {
    return topic.startsWith(WORK) ? Optional.of(topic.substring(WORK.length())) : Optional.empty();
  }

  /** The consumer group of the workers of this lane. */
  public static String workGroup(String lane) {
    return "headrace.lane." + lane;
  }

  /** The share group of the workers of this lane, if they take their work that way. */
  public static String shareGroup(String lane) {
    return "headrace.share." + lane;
  }

  /**
   * Whether Headrace reads requests from this topic, or keeps the failed ones there. No outcome may
   * be sent to it: it would come back as a malformed request.
   */
  public static boolean isInput(String topic) {
    return topic.startsWith(REQUESTS)
        || topic.startsWith(RETRY)
        || topic.startsWith(WORK)
        || topic.equals(DEAD_LETTERS);
  }

  /** What the router consumes: all tiers and all retry topics. */
  public static List<String> routerInput() {
    List<String> topics = new ArrayList<>();
    for (Tier tier : Tier.values()) {
      topics.add(requests(tier));
    }
    for (Duration delay : RETRY_DELAYS) {
      topics.add(retry(delay));
    }
    return topics;
  }
}
