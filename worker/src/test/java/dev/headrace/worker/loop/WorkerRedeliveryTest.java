package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Records that come a second time, as a share group's broker gives them. */
class WorkerRedeliveryTest {
  private final Cluster cluster = new Cluster();
  private final FakeRunner runner = new FakeRunner(WordModel.named("words"));
  private final TestWorker worker = new TestWorker(cluster, "w1", runner);

  private static String name(String id) {
    return Requests.CLIENT + "/" + id;
  }

  /** Another worker marks a request, and is alive for ten seconds from now. */
  private void markedByAnother(String id) {
    cluster.registry.publish(
        new DeviceReport(
            "other",
            "type",
            Cluster.LANE,
            "group",
            1,
            WorkerState.READY,
            cluster.now(),
            0,
            0,
            0,
            0,
            0,
            Map.of()));
    cluster.ledger.started("other", List.of(name(id)));
  }

  private void pass(Duration time) {
    for (long ms = 0; ms < time.toMillis(); ms += 100) {
      cluster.advance(Duration.ofMillis(100));
      worker.round();
    }
  }

  @Test
  void redelivered_request_that_nobody_marked_runs_at_once() {
    worker.started();
    worker.consumer.deliveries(2);
    cluster.addMany(3);
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(3);
  }

  @Test
  void request_that_another_may_have_died_of_waits_for_the_verdict_and_runs_alone() {
    worker.started();
    markedByAnother("r1");
    worker.consumer.deliveries(2);
    runner.batches.clear();
    cluster.addMany(3);
    pass(Duration.ofSeconds(5));
    assertThat(cluster.withStatus(Status.OK)).containsExactlyInAnyOrder("r0", "r2");
    pass(Duration.ofSeconds(12)); // its heartbeat is over
    assertThat(cluster.withStatus(Status.OK)).containsExactlyInAnyOrder("r0", "r1", "r2");
    assertThat(runner.batches).contains(List.of("word1"));
  }

  @Test
  void request_whose_worker_lives_and_ends_it_needs_no_second_run() {
    worker.started();
    markedByAnother("r0");
    worker.consumer.deliveries(2);
    runner.batches.clear();
    cluster.add(embeddings("r0", "word0"));
    pass(Duration.ofSeconds(1));
    Outcome theirs =
        Outcomes.cancelled(embeddings("r0", "word0").build().address(), cluster.now(), "/other");
    cluster.outcomes.deliver(List.of(theirs));
    pass(Duration.ofSeconds(1));
    assertThat(runner.batches).isEmpty();
    assertThat(cluster.outcome("r0")).isEqualTo(theirs);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void request_whose_worker_lives_on_and_says_nothing_is_run_alone_in_the_end() {
    worker.started();
    worker.consumer.deliveries(2);
    runner.batches.clear();
    markedByAnother("r0");
    cluster.add(embeddings("r0", "word0").slack(Duration.ofMinutes(10)));
    for (int i = 0; i < 7; i++) {
      markedByAnother("r0");
      pass(Duration.ofSeconds(4));
      assertThat(cluster.withStatus(Status.OK)).isEmpty();
    }
    markedByAnother("r0");
    worker.consumer.deliveries(1);
    cluster.add(embeddings("r1", "word1"), embeddings("r2", "word2"));
    pass(Duration.ofSeconds(4));
    assertThat(cluster.withStatus(Status.OK)).containsExactlyInAnyOrder("r0", "r1", "r2");
    assertThat(runner.batches).contains(List.of("word0"));
  }

  @Test
  void stopping_worker_releases_what_waits_for_a_verdict() {
    worker.started();
    markedByAnother("r0");
    worker.consumer.deliveries(2);
    cluster.add(embeddings("r0", "word0"));
    pass(Duration.ofSeconds(1));
    worker.loop.drain();
    pass(Duration.ofSeconds(1));
    assertThat(worker.loop.drained()).isTrue();
    assertThat(worker.consumer.released()).isEqualTo(1);
    assertThat(worker.consumer.unacknowledged()).isEqualTo(1);
  }

  @Test
  void record_that_kafka_may_soon_give_up_goes_back_to_the_router_unrun() {
    worker.started();
    worker.consumer.deliveries(8);
    runner.batches.clear();
    cluster.addMany(1);
    worker.run();
    assertThat(runner.batches).isEmpty();
    assertThat(cluster.retries()).hasSize(1);
    assertThat(worker.consumer.unacknowledged()).isZero();
    assertThat(cluster.outcome("r0")).isNull();
  }

  @Test
  void record_that_is_worn_out_on_its_last_attempt_is_a_dead_letter() {
    worker.started();
    worker.consumer.deliveries(8);
    cluster.add(embeddings("a", "x").attempts(new Attempts(4, List.of("y"), List.of())));
    worker.run();
    assertThat(cluster.outcome("a").failure().code()).isEqualTo(ErrorCode.ATTEMPTS_EXHAUSTED);
    assertThat(cluster.outcome("a").failure().message()).contains("workers_lost");
    assertThat(cluster.deadLetters()).hasSize(1);
  }
}
