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
    int cheapest = -1;
    int first = -1;
    double lowestCost = Double.POSITIVE_INFINITY;
    double finishOfCheapest = Double.POSITIVE_INFINITY;
    double firstFinish = Double.POSITIVE_INFINITY;
    for (int i = 0; i < choice.size(); i++) {
      if (!choice.usable(i)) {
        continue;
      }
      double finish = choice.finish(i);
      if (first < 0 || finish < firstFinish) {
        first = i;
        firstFinish = finish;
      }
      double cost = choice.cost(i);
      boolean cheaper = cost < lowestCost || (cost == lowestCost && finish < finishOfCheapest);
      if (cheaper && choice.inTime(i, finish)) {
        cheapest = i;
        lowestCost = cost;
        finishOfCheapest = finish;
      }
    }
    return cheapest >= 0 ? cheapest : first;
  }
}
