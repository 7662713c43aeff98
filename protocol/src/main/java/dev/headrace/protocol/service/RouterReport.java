package dev.headrace.protocol.service;

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
   */
  public record Plan(String policy, double marginSeconds, List<PlannedLane> lanes) {
    public Plan {
      lanes = List.copyOf(lanes);
      if (!(marginSeconds >= 0) || Double.isInfinite(marginSeconds)) {
        throw new IllegalArgumentException(
            "marginSeconds: " + marginSeconds + " (expected: finite, >= 0)");
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
   */
  public record Waiting(double seconds, long requests, double slackSeconds) {
    public Waiting {
      if (!(seconds >= 0) || Double.isInfinite(seconds)) {
        throw new IllegalArgumentException("seconds: " + seconds + " (expected: finite, >= 0)");
      }
      if (requests < 0) {
        throw new IllegalArgumentException("requests: " + requests + " (expected: >= 0)");
      }
      if (!Double.isFinite(slackSeconds)) {
        throw new IllegalArgumentException("slackSeconds: " + slackSeconds + " (expected: finite)");
      }
    }

    /** Both together. */
    public Waiting plus(Waiting other) {
      return new Waiting(
          seconds + other.seconds,
          requests + other.requests,
          Math.min(slackSeconds, other.slackSeconds));
    }
  }
}
