package dev.headrace.policy;

import dev.headrace.protocol.config.Settings;
import java.time.Duration;
import java.util.Locale;

/**
 * Which policy and how it reckons.
 *
 * @param name of the policy
 * @param margin time that every request is taken to spend outside of queues and devices
 */
public record PolicyConfig(Name name, Duration margin) {
  /** The policies that can be named in the settings. */
  public enum Name {
    /** {@link CheapestInTime}: a fleet that is paid by the hour. */
    CHEAPEST_IN_TIME,
    /** {@link LeastContended}: a fleet that is paid for. */
    LEAST_CONTENDED,
    RANDOM,
    ROUND_ROBIN,
    WEIGHTED_RANDOM,
    SHORTEST_QUEUE,
    LEAST_WORK,
    POWER_OF_TWO,
    EARLIEST_FINISH,
    CHEAPEST_FIRST,
    PACK;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public static PolicyConfig read(Settings s) {
    return new PolicyConfig(
        s.choice(
            "router.policy",
            Name.CHEAPEST_IN_TIME,
            Name::wireName,
            "How lanes are chosen; least-contended is for fleets that cost the same used or idle."),
        s.duration(
            "router.margin",
            Duration.ofMillis(50),
            Duration.ZERO,
            Duration.ofMinutes(10),
            "Time added to every predicted finish: the ways to the worker and back."));
  }

  /** The policy. */
  public RoutingPolicy policy() {
    double hop = margin.toNanos() * 1e-9;
    return switch (name) {
      case CHEAPEST_IN_TIME -> new CheapestInTime(hop);
      case LEAST_CONTENDED -> new LeastContended(hop);
      case RANDOM -> SimplePolicy.RANDOM;
      case ROUND_ROBIN -> SimplePolicy.ROUND_ROBIN;
      case WEIGHTED_RANDOM -> SimplePolicy.WEIGHTED_RANDOM;
      case SHORTEST_QUEUE -> SimplePolicy.SHORTEST_QUEUE;
      case LEAST_WORK -> SimplePolicy.LEAST_WORK;
      case POWER_OF_TWO -> SimplePolicy.POWER_OF_TWO;
      case EARLIEST_FINISH -> SimplePolicy.EARLIEST_FINISH;
      case CHEAPEST_FIRST -> SimplePolicy.CHEAPEST_FIRST;
      case PACK -> SimplePolicy.PACK;
    };
  }
}
