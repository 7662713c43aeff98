package dev.headrace.policy;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.protocol.service.ModelState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A cheap lane that must load the model first: 0.1 s at 1 $/h; a dear one: 0.1 s at 10 $/h. */
class LoadStateTest {
  private final RoutingPolicy policy = new CheapestInTime(0);

  private Decision decide(Heartbeats cheap, Duration left, double cheapWork) {
    Heartbeats dear = heartbeat("w2", "dear").price(10).curve(0.1, 100);
    Fleet fleet =
        FleetBuilder.build(
            List.of(cheap.price(1).curve(0.1, 100).build(), dear.build()),
            Set.of("cheap", "dear"),
            List.of(),
            20);
    return policy.choose(
        request("r").within(left).build(), Snapshot.of(fleet, cheapWork, 0), START);
  }

  private static Heartbeats loading(double seconds) {
    return heartbeat("w1", "cheap").modelState(ModelState.LOADING, seconds);
  }

  private static String lane(Decision decision) {
    return ((Decision.Place) decision).target().name();
  }

  @Test
  void request_that_has_time_for_the_load_goes_to_the_cheap_lane() {
    assertThat(lane(decide(loading(5), Duration.ofMillis(5200), 0))).isEqualTo("cheap");
  }

  @Test
  void request_that_has_no_time_for_the_load_goes_elsewhere() {
    Decision.Place place = (Decision.Place) decide(loading(5), Duration.ofMillis(5000), 0);
    assertThat(place.target().name()).isEqualTo("dear");
    assertThat(place.reason()).isEqualTo(Reason.OVERFLOW);
  }

  @Test
  void load_and_work_ahead_go_on_side_by_side() {
    // 4 s of work and 5 s of loading: 5.1 s until the result, not 9.1 s.
    assertThat(lane(decide(loading(5), Duration.ofMillis(5200), 4))).isEqualTo("cheap");
    assertThat(lane(decide(loading(5), Duration.ofMillis(5200), 6))).isEqualTo("dear");
  }

  @Test
  void request_goes_where_its_model_did_not_fail_to_load() {
    Heartbeats failed = heartbeat("w1", "cheap").modelState(ModelState.FAILED, 0);
    Decision.Place place = (Decision.Place) decide(failed, Duration.ofMinutes(1), 0);
    assertThat(place.target().name()).isEqualTo("dear");
    assertThat(place.reason()).isEqualTo(Reason.ONLY_CHOICE);
  }
}
