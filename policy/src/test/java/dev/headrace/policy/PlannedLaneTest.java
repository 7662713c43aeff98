package dev.headrace.policy;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.PlannedLane;
import dev.headrace.protocol.service.PlannedLanes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Lanes that may have no worker: 0.5 $/h and a minute to start, beside one at 10 $/h. */
class PlannedLaneTest {
  private static final String FILE =
      """
      {"lanes":{"cheap":{"device_type":"nvidia-t4","usd_per_hour":0.5,"startup_seconds":60,
        "models":{"m":{"revision":"r1","tasks":["embeddings"],"fixed_seconds":0.1,
          "samples":100,"batch_rows":1}}}}}
      """;

  private final List<PlannedLane> planned = PlannedLanes.parse(FILE);
  private final RoutingPolicy policy = new CheapestInTime(0);

  private Fleet fleet(DeviceReport... reports) {
    return FleetBuilder.build(List.of(reports), Set.of("cheap", "dear"), planned, 2);
  }

  private Decision choose(Fleet fleet, Duration deadline) {
    double[] idle = new double[fleet.lanes().size()];
    return policy.choose(request("a").within(deadline).build(), Snapshot.of(fleet, idle), START);
  }

  @Test
  void request_that_can_wait_for_the_start_waits_for_the_cheap_lane() {
    Fleet fleet = fleet(heartbeat("w", "dear").price(10).curve(0.1, 100).build());
    assertThat(choose(fleet, Duration.ofMinutes(2)))
        .isInstanceOfSatisfying(
            Decision.Wait.class,
            w -> {
              assertThat(fleet.lanes().get(w.lane()).name()).isEqualTo("cheap");
              assertThat(w.slackSeconds()).isBetween(59.0, 60.0); // 120 - 60 - 0.1
            });
    assertThat(choose(fleet, Duration.ofSeconds(30)))
        .isInstanceOfSatisfying(
            Decision.Place.class, p -> assertThat(p.target().name()).isEqualTo("dear"));
  }

  @Test
  void with_no_worker_at_all_requests_wait_and_their_model_is_known() {
    Fleet fleet = fleet();
    assertThat(choose(fleet, Duration.ofSeconds(5))).isInstanceOf(Decision.Wait.class);
    assertThat(fleet.model("m")).isNotNull();
  }

  @Test
  void worker_that_is_there_counts_and_not_the_plan() {
    Fleet fleet = fleet(heartbeat("w", "cheap").price(0.7).curve(0.2, 100).build());
    assertThat(fleet.lanes()).containsExactly(new Lane("cheap", "cheap", 0.7, 1, 2));
  }

  @Test
  void what_is_wrong_in_the_file_is_named() {
    assertWrong("{}", "lanes: missing (expected: {\"lanes\":{...}})");
    assertWrong("nonsense", "lanes: no JSON");
    assertWrong(
        "{\"lanes\":{\"a\":{\"usd_per_hour\":-1,\"models\":{\"m\":{}}}}}",
        "lanes.a.usd_per_hour: -1 (expected: a number >= 0)");
    assertWrong("{\"lanes\":{\"a\":{}}}", "lanes.a.models: none (expected: at least one model)");
    assertWrong("{\"lanes\":{\"a b\":{}}}", "lanes.a b: a b (expected:");
  }

  private static void assertWrong(String file, String message) {
    assertThatThrownBy(() -> PlannedLanes.parse(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
