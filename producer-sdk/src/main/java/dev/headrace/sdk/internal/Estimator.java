package dev.headrace.sdk.internal;

import dev.headrace.policy.Fleet;
import dev.headrace.policy.FleetBuilder;
import dev.headrace.policy.Forecast;
import dev.headrace.policy.Lane;
import dev.headrace.policy.PolicyConfig;
import dev.headrace.policy.Reports;
import dev.headrace.policy.RoutingPolicy;
import dev.headrace.policy.Snapshot;
import dev.headrace.policy.Snapshot.Loads;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReport.Plan;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.RouterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * Asks the router's policy about a request that is not submitted. Work ahead is what the workers
 * have taken, and of what the routers keep as much as comes before its tier's turn; what lies in
 * Kafka between them is not seen, at most a lane's window.
 */
final class Estimator {
  /** The router's default margin ({@code router.margin}), while no router says its own. */
  private static final Plan USUAL =
      new Plan(PolicyConfig.Name.CHEAPEST_IN_TIME.wireName(), 0.05, List.of());

  private final DeviceRegistry devices;
  private final RouterRegistry routers;
  private final InstantSource clock;

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
    // Numbers beyond belief in one heartbeat would make a whole lane look full.
    List<DeviceReport> reports = devices.list().stream().filter(Reports::usable).toList();
    Set<String> lanes = new HashSet<>();
    reports.forEach(r -> lanes.add(r.lane()));
    // A window without end: what waits is ahead of the request, and that is in the loads.
    List<RouterReport> routing = routers.list();
    Plan plan =
        routing.stream().map(RouterReport::plan).filter(Objects::nonNull).findFirst().orElse(USUAL);
    Fleet fleet = FleetBuilder.build(reports, lanes, plan.lanes(), Double.POSITIVE_INFINITY);
    Snapshot snapshot =
        Snapshot.of(
            fleet,
            loads(fleet, reports, routing, w -> w.secondsBefore(request.tier(), plan.shares())));
    return Forecast.of(policy(plan), request, snapshot, clock.instant(), plan.marginSeconds());
  }

  /** As the routers decide; a policy that this version does not know is taken for the usual one. */
  private static RoutingPolicy policy(Plan plan) {
    PolicyConfig.Name name =
        Arrays.stream(PolicyConfig.Name.values())
            .filter(n -> n.wireName().equals(plan.policy()))
            .findFirst()
            .orElse(PolicyConfig.Name.CHEAPEST_IN_TIME);
    Duration margin = Duration.ofNanos(Math.round(plan.marginSeconds() * 1e9));
    return new PolicyConfig(name, margin).policy();
  }

  private static Loads loads(
      Fleet fleet,
      List<DeviceReport> reports,
      List<RouterReport> waiting,
      ToDoubleFunction<RouterReport.Waiting> before) {
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
        seconds += w == null ? 0 : before.applyAsDouble(w);
      }
      loads.sentSeconds()[i] = seconds;
    }
    return loads;
  }
}
