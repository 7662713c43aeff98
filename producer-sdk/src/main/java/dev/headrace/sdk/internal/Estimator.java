package dev.headrace.sdk.internal;

import dev.headrace.policy.CheapestInTime;
import dev.headrace.policy.Fleet;
import dev.headrace.policy.FleetBuilder;
import dev.headrace.policy.Forecast;
import dev.headrace.policy.Lane;
import dev.headrace.policy.RoutingPolicy;
import dev.headrace.policy.Snapshot;
import dev.headrace.policy.Snapshot.Loads;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.RouterRegistry;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Asks the router's policy about a request that is not submitted. Work ahead is what the workers
 * have taken and what the routers keep; what lies in Kafka between them is not seen, at most a
 * lane's window.
 */
final class Estimator {
  /** The router's default margin ({@code router.margin}). */
  private static final double HOP_SECONDS = 0.05;

  private final DeviceRegistry devices;
  private final RouterRegistry routers;
  private final InstantSource clock;
  private final RoutingPolicy policy = new CheapestInTime(HOP_SECONDS);

  Estimator(DeviceRegistry devices, RouterRegistry routers, InstantSource clock) {
    this.devices = devices;
    this.routers = routers;
    this.clock = clock;
  }

  /**
   * The forecast for this request; empty when no worker can run it.
   *
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE
   */
  Optional<Forecast> estimate(InferenceRequest request) {
    List<DeviceReport> reports = devices.list();
    Set<String> lanes = new HashSet<>();
    reports.forEach(r -> lanes.add(r.lane()));
    // A window without end: what waits is ahead of the request, and that is in the loads.
    Fleet fleet = FleetBuilder.build(reports, lanes, List.of(), Double.POSITIVE_INFINITY);
    Snapshot snapshot = Snapshot.of(fleet, loads(fleet, reports, routers.list()));
    return Forecast.of(policy, request, snapshot, clock.instant(), HOP_SECONDS);
  }

  private static Loads loads(Fleet fleet, List<DeviceReport> reports, List<RouterReport> waiting) {
    int count = fleet.lanes().size();
    Loads loads = new Loads(new double[count], new double[count], new double[count], 1, 0);
    for (int i = 0; i < count; i++) {
      Lane lane = fleet.lanes().get(i);
      double seconds = 0;
      for (DeviceReport r : reports) {
        seconds += r.lane().equals(lane.name()) ? r.queuedSeconds() + r.runningSeconds() : 0;
      }
      for (RouterReport router : waiting) {
        RouterReport.Waiting w = router.waiting().get(lane.name());
        seconds += w == null ? 0 : w.seconds();
      }
      loads.sentSeconds()[i] = seconds;
    }
    return loads;
  }
}
