package dev.headrace.protocol.service;

import dev.headrace.protocol.Tier;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A router's heartbeat: what waits in it for each lane. Routers read each other's, so that together
 * they keep a lane's window and know who else waits for it.
 *
 * @param routerId unique among living routers
 * @param waiting by lane; a lane that is left out has nothing
 * @param taken requests of the tier topics that it has taken and not committed
 * @param plan by what it decides; null when it does not say
 */
public record RouterReport(
    String routerId, Map<String, Waiting> waiting, long taken, @Nullable Plan plan) {
  public RouterReport {
    waiting = Map.copyOf(waiting);
    if (taken < 0) {
      throw new IllegalArgumentException("taken: " + taken + " (expected: >= 0)");
    }
  }

  /** Of a router that says no more than what waits. */
  public RouterReport(String routerId, Map<String, Waiting> waiting) {
    this(routerId, waiting, 0, null);
  }

  /**
   * By what a router decides, so that others can foretell its decisions.
   *
   * @param policy name of the policy, as in {@code router.policy}
   * @param marginSeconds that every request is taken to spend outside of queues and devices
   * @param lanes that may be waited for while they have no worker
   * @param shares of device time by tier while all tiers wait; empty when it does not say
   */
  public record Plan(
      String policy, double marginSeconds, List<PlannedLane> lanes, Map<Tier, Double> shares) {
    public Plan {
      lanes = List.copyOf(lanes);
      shares = Map.copyOf(shares);
      shares.forEach((tier, share) -> requirePositive("share of " + tier.wireName(), share));
      if (!(marginSeconds >= 0) || Double.isInfinite(marginSeconds)) {
        throw new IllegalArgumentException(
            "marginSeconds: " + marginSeconds + " (expected: finite, >= 0)");
      }
    }

    /** Of a router that does not say how it shares devices among tiers. */
    public Plan(String policy, double marginSeconds, List<PlannedLane> lanes) {
      this(policy, marginSeconds, lanes, Map.of());
    }

    private static void requirePositive(String name, double value) {
      if (!(value > 0) || Double.isInfinite(value)) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: finite, > 0)");
      }
    }
  }

  /**
   * Requests that a router keeps because the lane that it would choose has no room.
   *
   * @param seconds of device time that they will take
   * @param requests how many
   * @param slackSeconds least time to a deadline among them, less the predicted time to its result;
   *     below zero when one will be late
   * @param tierSeconds how the seconds are divided among tiers; empty when it does not say
   */
  public record Waiting(
      double seconds, long requests, double slackSeconds, Map<Tier, Double> tierSeconds) {
    public Waiting {
      tierSeconds = Map.copyOf(tierSeconds);
      tierSeconds.forEach((tier, s) -> requireSeconds("seconds of " + tier.wireName(), s));
      requireSeconds("seconds", seconds);
      if (requests < 0) {
        throw new IllegalArgumentException("requests: " + requests + " (expected: >= 0)");
      }
      if (!Double.isFinite(slackSeconds)) {
        throw new IllegalArgumentException("slackSeconds: " + slackSeconds + " (expected: finite)");
      }
    }

    /** Requests of tiers that are not told. */
    public Waiting(double seconds, long requests, double slackSeconds) {
      this(seconds, requests, slackSeconds, Map.of());
    }

    private static void requireSeconds(String name, double value) {
      if (!(value >= 0) || Double.isInfinite(value)) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: finite, >= 0)");
      }
    }

    /** Both together. */
    public Waiting plus(Waiting other) {
      Map<Tier, Double> tiers = new EnumMap<>(Tier.class);
      tiers.putAll(tierSeconds);
      other.tierSeconds.forEach((tier, s) -> tiers.merge(tier, s, Double::sum));
      return new Waiting(
          seconds + other.seconds,
          requests + other.requests,
          Math.min(slackSeconds, other.slackSeconds),
          tiers);
    }

    /** As much of the same kind. */
    public Waiting times(double factor) {
      Map<Tier, Double> tiers = new EnumMap<>(Tier.class);
      tierSeconds.forEach((tier, s) -> tiers.put(tier, s * factor));
      return new Waiting(seconds * factor, Math.round(requests * factor), slackSeconds, tiers);
    }

    /**
     * Seconds of it that are served before a request of this tier that comes now: what waits in its
     * own tier, and of each other what its share gets done meanwhile. Without shares, or of tiers
     * that are not told, all of it.
     */
    public double secondsBefore(Tier tier, Map<Tier, Double> shares) {
      Double share = shares.get(tier);
      if (share == null) {
        return seconds;
      }
      double own = tierSeconds.getOrDefault(tier, 0.0);
      double before = own;
      double told = own;
      for (Map.Entry<Tier, Double> other : tierSeconds.entrySet()) {
        if (other.getKey() != tier) {
          double meanwhile = own * shares.getOrDefault(other.getKey(), share) / share;
          before += Math.min(other.getValue(), meanwhile);
          told += other.getValue();
        }
      }
      return before + Math.max(0, seconds - told);
    }
  }
}
