package dev.headrace.policy;

import dev.headrace.protocol.InferenceRequest;
import java.time.Instant;

/**
 * For a fleet that is paid for whether it works or not (DESIGN section 4, fixed fleets): a second
 * of a device costs what it is worth to the requests that wait for it, which is nothing while it is
 * idle. The price of a second is the lane's backlog: in the linear programme that shares devices
 * among requests, queues are the scaled dual prices of the devices' capacities (Neely, Stochastic
 * Network Optimization, 2010, ch. 4; routing by backlog × service time is its MaxWeight rule).
 *
 * <pre>
 *   cost = seconds ahead in the lane per worker × marginal service seconds
 * </pre>
 *
 * <p>Of the lanes in time the one with the lowest such cost; ties, as between idle devices, go to
 * the earlier finish. If none is in time, the one that finishes first.
 */
public final class LeastContended implements RoutingPolicy {
  private final double hopSeconds;

  /**
   * The policy.
   *
   * @param hopSeconds as for {@link CheapestInTime}
   */
  public LeastContended(double hopSeconds) {
    this.hopSeconds = hopSeconds;
  }

  @Override
  public Decision choose(InferenceRequest request, Snapshot snapshot, Instant now) {
    return Choice.decide(request, snapshot, now, hopSeconds, LeastContended::pick);
  }

  private static int pick(Choice choice) {
    return choice.cheapestInTime(i -> choice.wait(i) * choice.seconds(i));
  }
}
