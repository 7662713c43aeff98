package dev.headrace.policy;

import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.policy.testing.Fleets;
import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.ServiceCurve;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The rules of DESIGN section 4 with numbers. A request takes 1 s of the slow device at 0.50 $/h
 * and 0.1 s of the fast one at 10 $/h: 0.50 against 1.00 for the same work, so slow is the cheap
 * one.
 */
class CheapestInTimeTest {
  private final CheapestInTime policy = new CheapestInTime(0);
  private final Fleet fleet = new Fleets().lane("fast", 10, 1, 0.1).lane("slow", 0.5, 1, 1).build();

  private Decision choose(RequestBuilder request, double fastSeconds, double slowSeconds) {
    return policy.choose(request.build(), Snapshot.of(fleet, fastSeconds, slowSeconds), START);
  }

  private static Decision.Place place(Decision decision) {
    assertThat(decision).isInstanceOf(Decision.Place.class);
    return (Decision.Place) decision;
  }

  private static void assertPlaced(Decision decision, String lane, Reason reason) {
    assertThat(place(decision).target().name()).isEqualTo(lane);
    assertThat(place(decision).reason()).isEqualTo(reason);
  }

  @Test
  void cheapest_per_request_wins_not_cheapest_per_hour() {
    assertPlaced(
        choose(request("a").within(Duration.ofSeconds(5)), 0, 0), "slow", Reason.CHEAPEST_IN_TIME);
    Fleet other = new Fleets().lane("fast", 10, 1, 0.01).lane("slow", 0.5, 1, 1).build();
    assertPlaced(
        policy.choose(request("a").build(), Snapshot.of(other, 0, 0), START),
        "fast",
        Reason.CHEAPEST_IN_TIME);
  }

  @Test
  void deadline_that_the_cheap_one_misses_overflows_to_the_dear_one() {
    // Slow: 1.5 s ahead + 1 s service = 2.5 s. Fast: 0.1 s.
    assertPlaced(
        choose(request("a").within(Duration.ofMillis(2600)), 0, 1.5),
        "slow",
        Reason.CHEAPEST_IN_TIME);
    assertPlaced(
        choose(request("a").within(Duration.ofMillis(2400)), 0, 1.5), "fast", Reason.OVERFLOW);
  }

  @Test
  void deadline_that_nobody_meets_goes_to_who_finishes_first() {
    assertPlaced(
        choose(request("a").within(Duration.ofMillis(50)), 0, 0), "fast", Reason.NONE_IN_TIME);
    // Fast: 1.5 + 0.1; slow: 0 + 1.
    assertPlaced(
        choose(request("a").within(Duration.ofMillis(50)), 1.5, 0), "slow", Reason.NONE_IN_TIME);
  }

  @Test
  void full_lane_makes_a_request_wait_as_long_as_it_stays_in_time() {
    // The window is 2 s. 2 s ahead + 1 s of service is in time until a deadline of 3 s.
    assertThat(choose(request("a").within(Duration.ofSeconds(4)), 0, 2))
        .isEqualTo(new Decision.Wait(1, 1, 1));
    assertPlaced(
        choose(request("a").within(Duration.ofMillis(2900)), 0, 2), "fast", Reason.OVERFLOW);
  }

  @Test
  void request_waits_for_the_first_to_finish_when_nobody_is_in_time_and_all_are_full() {
    Decision decision = choose(request("a").within(Duration.ofSeconds(1)), 2, 2);
    assertThat(decision).isInstanceOf(Decision.Wait.class);
    assertThat(((Decision.Wait) decision).lane()).isZero();
  }

  @Test
  void planned_work_delays_but_leaves_the_window_open() {
    Snapshot planned = Snapshot.of(fleet, 0, 1).withPlanned(1, 10);
    assertThat(planned.hasRoom(1)).isTrue();
    RequestBuilder request = request("a").within(Duration.ofSeconds(5));
    assertPlaced(policy.choose(request.build(), planned, START), "fast", Reason.OVERFLOW);
  }

  @Test
  void work_ahead_is_shared_by_the_workers_and_so_is_the_window() {
    Fleet two = new Fleets().lane("fast", 10, 1, 0.1).lane("slow", 0.5, 2, 1).build();
    RequestBuilder request = request("a").within(Duration.ofMillis(2600));
    // 3 s of work for two workers: 1.5 s; the window takes 4 s.
    assertPlaced(
        policy.choose(request.build(), Snapshot.of(two, 0, 3), START),
        "slow",
        Reason.CHEAPEST_IN_TIME);
  }

  @Test
  void uncertain_curve_asks_for_a_margin() {
    Fleet unsure =
        new Fleets()
            .lane("fast", 10, 1, 0.1)
            .lane(new Lane("slow", "slow", 0.5, 1, 2), Fleets.curve(1, 0.2))
            .build();
    // 1 s ahead + 1 s service, 20 % of that as margin: 2.4 s.
    Snapshot snapshot = Snapshot.of(unsure, 0, 1);
    assertPlaced(
        policy.choose(request("a").within(Duration.ofMillis(2300)).build(), snapshot, START),
        "fast",
        Reason.OVERFLOW);
    assertPlaced(
        policy.choose(request("a").within(Duration.ofMillis(2500)).build(), snapshot, START),
        "slow",
        Reason.CHEAPEST_IN_TIME);
  }

  @Test
  void curve_that_was_never_measured_may_be_off_by_its_own_size() {
    ServiceCurve guess = new ServiceCurve(0, 0.01, 0, 0, 0);
    Fleet cold = new Fleets().lane(new Lane("cold", "cold", 1, 1, 2), guess).build();
    RequestBuilder request = request("a").within(Duration.ofMillis(1900));
    assertPlaced(
        policy.choose(request.build(), Snapshot.of(cold, 0), START), "cold", Reason.NONE_IN_TIME);
  }

  @Test
  void hop_counts_once_and_without_margin() {
    CheapestInTime far = new CheapestInTime(0.5);
    RequestBuilder request = request("a").within(Duration.ofMillis(1550));
    assertPlaced(
        far.choose(request.build(), Snapshot.of(fleet, 0, 0), START),
        "slow",
        Reason.CHEAPEST_IN_TIME);
    RequestBuilder shorter = request("a").within(Duration.ofMillis(1450));
    assertPlaced(
        far.choose(shorter.build(), Snapshot.of(fleet, 0, 0), START), "fast", Reason.OVERFLOW);
  }

  @Test
  void excluded_device_type_is_not_offered_again() {
    assertPlaced(
        choose(request("a").excluding("slow"), 0, 0), "fast", Reason.EXCLUDED_AFTER_FAILURE);
  }

  @Test
  void exclusion_is_not_the_reason_when_the_excluded_one_would_have_been_dearer() {
    Fleet three =
        new Fleets()
            .lane("fast", 10, 1, 0.1)
            .lane("mid", 1, 1, 0.7)
            .lane("slow", 0.5, 1, 1)
            .build();
    assertPlaced(
        policy.choose(request("a").excluding("fast").build(), Snapshot.of(three, 0, 0, 0), START),
        "slow",
        Reason.CHEAPEST_IN_TIME);
  }

  @Test
  void exclusion_of_all_is_an_obstacle() {
    assertThat(choose(request("a").excluding("slow", "fast"), 0, 0))
        .isEqualTo(new Decision.None(Obstacle.ALL_EXCLUDED));
  }

  @Test
  void only_lane_is_the_only_choice() {
    Fleet one = new Fleets().lane("slow", 0.5, 1, 1).build();
    assertPlaced(
        policy.choose(request("a").build(), Snapshot.of(one, 0), START),
        "slow",
        Reason.ONLY_CHOICE);
  }

  @Test
  void unknown_model_task_and_absent_workers_are_told_apart() {
    assertThat(choose(request("a").model("x"), 0, 0))
        .isEqualTo(new Decision.None(Obstacle.UNKNOWN_MODEL));
    assertThat(choose(request("a").task(Task.CLASSIFICATIONS), 0, 0))
        .isEqualTo(new Decision.None(Obstacle.UNKNOWN_TASK));
    Fleet away =
        new Fleet(
            List.of(), Map.of("m", new ServedModel("r1", Map.of(Task.EMBEDDINGS, List.of()))));
    assertThat(policy.choose(request("a").build(), Snapshot.of(away), START))
        .isEqualTo(new Decision.None(Obstacle.NO_WORKER));
  }

  @Test
  void equal_price_goes_to_the_earlier_finish_then_to_the_first_name() {
    Fleet same = new Fleets().lane("a", 1, 1, 1).lane("b", 1, 1, 1).build();
    RequestBuilder request = request("x");
    assertPlaced(
        policy.choose(request.build(), Snapshot.of(same, 0.5, 0), START),
        "b",
        Reason.CHEAPEST_IN_TIME);
    assertPlaced(
        policy.choose(request.build(), Snapshot.of(same, 0, 0), START),
        "a",
        Reason.CHEAPEST_IN_TIME);
  }

  @Test
  void fixed_part_of_a_batch_is_shared_for_the_cost_and_full_for_the_finish() {
    // 1 s per batch of usually 10 rows: 0.1 s of cost, but 1 s until it is done.
    ServiceCurve fixed = new ServiceCurve(1, 0, 0, 0, 100);
    Fleet batched =
        new Fleet(
            List.of(new Lane("b", "b", 1, 1, 2)),
            Map.of(
                "m",
                new ServedModel(
                    "r1", Map.of(Task.EMBEDDINGS, List.of(new Candidate(0, fixed, 10))))));
    Snapshot snapshot = Snapshot.of(batched, 0);
    Decision.Place in =
        place(policy.choose(request("a").within(Duration.ofMillis(1100)).build(), snapshot, START));
    assertThat(in.seconds()).isCloseTo(0.1, within(1e-9));
    assertThat(in.reason()).isEqualTo(Reason.ONLY_CHOICE);
    assertPlaced(
        policy.choose(request("a").within(Duration.ofMillis(900)).build(), snapshot, START),
        "b",
        Reason.NONE_IN_TIME);
  }

  @Test
  void instants_at_the_end_of_time_do_no_harm() {
    RequestBuilder request = request("a").at(Instant.MAX.minusSeconds(100));
    assertPlaced(choose(request, 0, 0), "slow", Reason.CHEAPEST_IN_TIME);
  }
}
