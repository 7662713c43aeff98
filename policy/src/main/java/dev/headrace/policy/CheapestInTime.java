package dev.headrace.policy;

import dev.headrace.protocol.InferenceRequest;
import java.time.Instant;

/**
 * Among the lanes that can run a request and meet its deadline, the cheapest; if none does, the one
 * that finishes first (DESIGN section 4, elastic fleets). Cost is price × device seconds.
 *
 * <p>The chosen lane may be full. Then the request waits: since planned work counts as work ahead,
 * a lane is only chosen while waiting for it still meets the deadline, and a request goes to a
 * dearer one exactly when waiting for the cheaper one would be too late. Ties go to the earlier
 * finish, then to the lane whose name comes first.
 */
public final class CheapestInTime implements RoutingPolicy {
  private final double hopSeconds;

  /**
   * The policy.
   *
   * @param hopSeconds time from here to the worker's queue and back, outside any model of service
   */
  public CheapestInTime(double hopSeconds) {
    this.hopSeconds = hopSeconds;
  }

  @Override
  public Decision choose(InferenceRequest request, Snapshot snapshot, Instant now) {
    return Choice.decide(request, snapshot, now, hopSeconds, CheapestInTime::pick);
  }

  private static int pick(Choice choice) {
    return choice.cheapestInTime(choice::cost);
  }
}
