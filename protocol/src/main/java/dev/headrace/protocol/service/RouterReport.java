package dev.headrace.protocol.service;

import java.util.Map;

/**
 * A router's heartbeat: what waits in it for each lane. Routers read each other's, so that together
 * they keep a lane's window and know who else waits for it.
 *
 * @param routerId unique among living routers
 * @param waiting by lane; a lane that is left out has nothing
 */
public record RouterReport(String routerId, Map<String, Waiting> waiting) {
  public RouterReport {
    waiting = Map.copyOf(waiting);
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
