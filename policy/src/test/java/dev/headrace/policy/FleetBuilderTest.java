package dev.headrace.policy;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.WorkerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FleetBuilderTest {
  private static Fleet build(Heartbeats... heartbeats) {
    List<DeviceReport> reports = List.of(heartbeats).stream().map(Heartbeats::build).toList();
    return FleetBuilder.build(reports, Set.of("a", "b"), List.of(), 2);
  }

  private static ServedModel model(Fleet fleet) {
    ServedModel model = fleet.model("m");
    assertThat(model).isNotNull();
    return model;
  }

  @Test
  void ready_workers_of_a_lane_are_summed() {
    Fleet fleet =
        build(
            heartbeat("w1", "b").price(2),
            heartbeat("w2", "a").price(1),
            heartbeat("w3", "b").price(2));
    assertThat(fleet.lanes())
        .containsExactly(new Lane("a", "a", 1, 1, 2), new Lane("b", "b", 2, 2, 2));
    assertThat(model(fleet).lanes().get(Task.EMBEDDINGS)).hasSize(2);
  }

  @Test
  void loading_and_draining_workers_take_no_work_but_their_models_are_known() {
    Fleet fleet =
        build(
            heartbeat("w1", "a").state(WorkerState.LOADING),
            heartbeat("w2", "a").state(WorkerState.DRAINING));
    assertThat(fleet.lanes()).isEmpty();
    assertThat(model(fleet).lanes()).containsEntry(Task.EMBEDDINGS, List.of());
    assertThat(model(fleet).revision()).isEqualTo("r1");
  }

  @Test
  void lane_without_its_topic_takes_no_work() {
    assertThat(build(heartbeat("w1", "c")).lanes()).isEmpty();
  }

  @Test
  void curves_are_averaged_by_the_batches_they_rest_on() {
    Fleet fleet =
        build(heartbeat("w1", "a").curve(1, 99), heartbeat("w2", "a").curve(4, 199).batchRows(4));
    var candidate = model(fleet).lanes().get(Task.EMBEDDINGS).get(0);
    assertThat(candidate.curve().fixedSeconds()).isCloseTo(3, within(1e-9));
    assertThat(candidate.curve().samples()).isEqualTo(199);
    assertThat(candidate.batchRows()).isCloseTo(3, within(1e-9));
  }

  @Test
  void what_runs_side_by_side_is_no_waiting_work() {
    Fleet fleet =
        build(
            heartbeat("w1", "a").sideBySide(16, 6),
            heartbeat("w2", "a").sideBySide(16, 4),
            heartbeat("w3", "b"));
    // Two seconds each and, in lane a, five that they run at once.
    assertThat(fleet.lanes()).extracting(Lane::capacitySeconds).containsExactly(14.0, 2.0);
    Snapshot full = Snapshot.of(fleet, 12, 1.5);
    assertThat(full.hasRoom(0)).isTrue();
    Candidate texts = model(fleet).lanes().get(Task.EMBEDDINGS).get(0);
    Candidate other = model(fleet).lanes().get(Task.EMBEDDINGS).get(1);
    // Six seconds for each worker, of which five have begun.
    assertThat(texts.waitSeconds(full)).isCloseTo(1, within(1e-9));
    assertThat(other.waitSeconds(full)).isCloseTo(1.5, within(1e-9));
    assertThat(texts.waitSeconds(Snapshot.of(fleet, 3, 0))).isZero();
  }

  @Test
  void garbage_is_left_out() {
    Fleet fleet =
        build(
            heartbeat("w1", "a/b"),
            heartbeat("w2", "x".repeat(65)),
            heartbeat("w3", "a").price(-1),
            heartbeat("w4", "a").price(Double.NaN),
            heartbeat("w5", "a").deviceType("gpu,tpu"),
            heartbeat("w6", "a").withoutModels());
    assertThat(fleet).isEqualTo(Fleet.EMPTY);
  }

  @Test
  void model_that_half_of_a_lane_has_gets_no_work_there_and_the_reports_say_so() {
    List<DeviceReport> reports =
        List.of(
            heartbeat("w1", "a").build(),
            heartbeat("w2", "a").model("x").build(),
            heartbeat("w3", "b").model("x").build());
    assertThat(Reports.outvoted(reports))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("m gets no work in lane a: 1 of its 2 workers have it");
    assertThat(Reports.outvoted(reports.subList(1, 3))).isEmpty();
  }

  @Test
  void contradictions_are_settled_by_the_majority() {
    Fleet fleet =
        build(
            heartbeat("w1", "a").revision("r9").deviceType("t9"),
            heartbeat("w2", "a").revision("r2").deviceType("t2"),
            heartbeat("w3", "a").revision("r2").deviceType("t2"),
            heartbeat("w4", "a").model("odd"));
    assertThat(model(fleet).revision()).isEqualTo("r2");
    assertThat(fleet.lanes().get(0).deviceType()).isEqualTo("t2");
    assertThat(fleet.model("odd").lanes()).containsEntry(Task.EMBEDDINGS, List.of());
  }

  @Test
  void order_of_the_heartbeats_does_not_matter() {
    Heartbeats one = heartbeat("w1", "a").curve(1, 10);
    Heartbeats two = heartbeat("w2", "a").curve(0.3, 70).revision("r2");
    Heartbeats three = heartbeat("w3", "b");
    assertThat(build(one, two, three)).isEqualTo(build(three, two, one));
  }

  @Test
  void model_that_failed_to_load_is_not_served_there_but_is_known() {
    Fleet fleet =
        build(heartbeat("w1", "a").modelState(ModelState.FAILED, 3), heartbeat("w2", "b"));
    var candidates = model(fleet).lanes().get(Task.EMBEDDINGS);
    assertThat(candidates).extracting(Candidate::lane).containsExactly(1);
    Fleet nobody = build(heartbeat("w1", "a").modelState(ModelState.FAILED, 3));
    assertThat(model(nobody).lanes()).containsEntry(Task.EMBEDDINGS, List.of());
  }

  @Test
  void lane_where_most_workers_could_not_load_the_model_does_not_serve_it() {
    Heartbeats well = heartbeat("w1", "a");
    Heartbeats broken = heartbeat("w2", "a").modelState(ModelState.FAILED, 0);
    assertThat(model(build(well, broken)).lanes().get(Task.EMBEDDINGS)).isEmpty();
    assertThat(model(build(well, broken, heartbeat("w3", "a"))).lanes().get(Task.EMBEDDINGS))
        .hasSize(1);
  }

  @Test
  void time_to_load_counts_as_the_mean_over_the_workers() {
    Fleet fleet =
        build(
            heartbeat("w1", "a"),
            heartbeat("w2", "a").modelState(ModelState.LOADING, 6),
            heartbeat("w3", "a").modelState(ModelState.LOADABLE, 12));
    assertThat(model(fleet).lanes().get(Task.EMBEDDINGS).get(0).loadSeconds())
        .isCloseTo(6, within(1e-9));
  }

  @Test
  void numbers_beyond_belief_are_garbage() {
    Fleet fleet =
        build(
            heartbeat("w1", "a").curve(Double.MAX_VALUE, 100),
            heartbeat("w2", "a").price(1e300),
            heartbeat("w3", "a").batchRows(1e200),
            heartbeat("w4", "a").modelState(ModelState.LOADING, 1e100));
    assertThat(fleet).isEqualTo(Fleet.EMPTY);
  }

  @Test
  void whatever_heartbeats_say_a_fleet_comes_of_it() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    double[] numbers = {
      0, 1e-320, 1, 1e9, 1e300, Double.MAX_VALUE, -1, Double.NaN, Double.POSITIVE_INFINITY
    };
    for (int round = 0; round < 2000; round++) {
      List<DeviceReport> reports = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        Heartbeats beat =
            heartbeat("w" + random.nextInt(4), random.nextBoolean() ? "a" : "b")
                .price(numbers[random.nextInt(numbers.length)])
                .state(WorkerState.values()[random.nextInt(3)])
                .revision("r" + random.nextInt(3));
        try {
          reports.add(
              beat.curve(numbers[random.nextInt(numbers.length)], random.nextInt(300))
                  .batchRows(numbers[random.nextInt(numbers.length)])
                  .modelState(
                      ModelState.values()[random.nextInt(4)],
                      numbers[random.nextInt(numbers.length)])
                  .build());
        } catch (IllegalArgumentException e) {
          continue; // the codec refuses those
        }
      }
      try {
        Fleet fleet = FleetBuilder.build(reports, Set.of("a", "b"), List.of(), 2);
        assertThat(fleet.lanes()).allMatch(lane -> lane.usdPerHour() <= 1e9);
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + " reports " + reports, e);
      }
    }
  }
}
