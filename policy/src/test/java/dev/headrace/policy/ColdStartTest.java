package dev.headrace.policy;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.PlannedLane;
import dev.headrace.protocol.service.PlannedLanes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A worker of lane "new" has measured nothing; its guess is 0.002 s. */
class ColdStartTest {
  private static final List<PlannedLane> PROFILE =
      PlannedLanes.parse(
          "{\"lanes\":{\"any\":{\"device_type\":\"nvidia-t4\",\"usd_per_hour\":1,\"startup_seconds\":9,"
              + "\"models\":{\"m\":{\"tasks\":[\"embeddings\"],\"fixed_seconds\":0.5,"
              + "\"relative_error\":0.1,\"samples\":40}}}}}");

  private static Candidate cold(List<PlannedLane> planned, Heartbeats... others) {
    Heartbeats fresh = heartbeat("w0", "new").deviceType("nvidia-t4").curve(0.002, 0);
    List<DeviceReport> reports =
        Stream.concat(Stream.of(fresh), Stream.of(others)).map(Heartbeats::build).toList();
    Fleet fleet = FleetBuilder.build(reports, Set.of("new", "old"), planned, 2);
    int lane = fleet.lanes().stream().map(Lane::name).toList().indexOf("new");
    return Objects.requireNonNull(fleet.model("m")).lanes().get(Task.EMBEDDINGS).stream()
        .filter(c -> c.lane() == lane)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void profile_of_its_device_type_counts_before_any_other() {
    Candidate c = cold(PROFILE, heartbeat("w1", "old").deviceType("nvidia-t4").curve(0.7, 500));
    assertThat(c.curve().fixedSeconds()).isEqualTo(0.5);
    assertThat(c.relativeError()).isEqualTo(ColdStart.SAME_TYPE);
  }

  @Test
  void measurements_on_its_device_type_count_before_those_of_its_family() {
    Candidate c =
        cold(
            List.of(),
            heartbeat("w1", "old").deviceType("nvidia-h100").curve(0.1, 500),
            heartbeat("w2", "shut").deviceType("nvidia-t4").curve(0.7, 500));
    assertThat(c.curve().fixedSeconds()).isEqualTo(0.7);
    assertThat(c.relativeError()).isEqualTo(ColdStart.SAME_TYPE);
  }

  @Test
  void family_is_better_than_a_guess_and_no_surer() {
    Candidate c = cold(List.of(), heartbeat("w1", "old").deviceType("nvidia-h100").curve(0.1, 500));
    assertThat(c.curve().fixedSeconds()).isEqualTo(0.1);
    assertThat(c.relativeError()).isEqualTo(ColdStart.OTHER_TYPE);
  }

  @Test
  void strangers_say_nothing() {
    Candidate c = cold(List.of(), heartbeat("w1", "old").deviceType("cpu-int8").curve(0.1, 500));
    assertThat(c.curve().fixedSeconds()).isEqualTo(0.002);
    Candidate other =
        cold(
            List.of(),
            heartbeat("w1", "old").deviceType("nvidia-t4").model("other").curve(0.1, 500));
    assertThat(other.curve().fixedSeconds()).isEqualTo(0.002);
  }

  @Test
  void own_measurement_ends_the_borrowing() {
    Heartbeats warm = heartbeat("w3", "new").deviceType("nvidia-t4").curve(0.004, 10);
    assertThat(cold(PROFILE, warm).curve().fixedSeconds()).isLessThan(0.0041);
  }

  @Test
  void what_is_not_sure_is_given_more_time() {
    // 0.5 s, off by 0.3 at least: 0.65 s must be left, and 0.9 of a second do not overflow.
    Fleet fleet =
        FleetBuilder.build(
            List.of(
                heartbeat("w0", "new").deviceType("nvidia-t4").price(1).curve(0.002, 0).build(),
                heartbeat("w1", "old").deviceType("cpu").price(100).curve(0.1, 100).build()),
            Set.of("new", "old"),
            PROFILE,
            2);
    RoutingPolicy policy = new CheapestInTime(0);
    Snapshot empty = Snapshot.of(fleet, new double[fleet.lanes().size()]);
    assertThat(
            lane(policy.choose(request("a").within(Duration.ofMillis(640)).build(), empty, START)))
        .isEqualTo("old");
    assertThat(
            lane(policy.choose(request("b").within(Duration.ofMillis(660)).build(), empty, START)))
        .isEqualTo("new");
  }

  private static String lane(Decision decision) {
    return ((Decision.Place) decision).target().name();
  }
}
