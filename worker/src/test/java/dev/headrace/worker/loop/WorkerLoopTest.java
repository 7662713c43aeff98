package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerLoopTest {
  private final Cluster cluster = new Cluster();
  private final FakeRunner runner = new FakeRunner(WordModel.named("words"));
  private final TestWorker worker = new TestWorker(cluster, "w1", runner);

  @Test
  void request_is_answered_published_and_acknowledged() {
    worker.started();
    cluster.add(embeddings("a", "one two three", "ox").time(cluster.now()));
    cluster.advance(Duration.ofMillis(250));
    worker.run();
    Outcome outcome = cluster.outcome("a");
    assertThat(outcome.status()).isEqualTo(Status.OK);
    EmbeddingsResponse response = EmbeddingsResponse.parse(outcome.body());
    assertThat(response.vectors())
        .containsExactly(WordModel.vector("one two three"), WordModel.vector("ox"));
    assertThat(response.promptTokens()).isEqualTo(4);
    assertThat(outcome.source()).isEqualTo("/headrace/workers/w1");
    assertThat(outcome.details())
        .containsEntry(Detail.MODEL, "words")
        .containsEntry(Detail.REVISION, "r1")
        .containsEntry(Detail.DEVICE_TYPE, "type")
        .containsEntry(Detail.WORKER, "w1")
        .containsEntry(Detail.REASON, "cheapest_in_time")
        .containsEntry(Detail.ATTEMPT, "1")
        .containsEntry(Detail.TOKENS, "4")
        .containsEntry(Detail.CACHE, "miss")
        .containsKeys(Detail.QUEUE_MS, Detail.SERVICE_MS, Detail.USD);
    assertThat(Long.parseLong(outcome.detail(Detail.QUEUE_MS))).isBetween(250L, 300L);
    assertThat(cluster.published()).containsExactly(outcome);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void classification_runs_descriptions_once_and_takes_the_nearest() {
    worker.started();
    runner.batches.clear();
    for (int i = 0; i < 20; i++) {
      cluster.add(Requests.classification("c" + i, i % 2 == 0 ? "x x" : "y", "x ray", "yes"));
    }
    worker.run();
    for (int i = 0; i < 20; i++) {
      String label =
          ClassificationsResponse.parse(cluster.outcome("c" + i).body()).results().get(0).label();
      assertThat(label).isEqualTo(i % 2 == 0 ? "x ray" : "yes");
    }
    List<String> run = runner.batches.stream().flatMap(List::stream).toList();
    assertThat(run).hasSize(22).contains("x ray", "yes");
  }

  @Test
  void cancelled_request_is_not_run_but_published() {
    worker.started();
    runner.batches.clear();
    Address address = new Address(Requests.CLIENT, "a", true, null);
    Outcome cancelled = Outcomes.cancelled(address, cluster.now(), "/sdk");
    cluster.outcomes.deliver(List.of(cancelled));
    cluster.add(embeddings("a", "x").time(cluster.now()));
    cluster.advance(Duration.ofMillis(500));
    worker.run();
    assertThat(runner.batches).isEmpty();
    assertThat(cluster.published()).containsExactly(cancelled);
    assertThat(worker.consumer.unacknowledged()).isZero();
    assertThat(worker.count("standing")).isEqualTo(1);
  }

  @Test
  void fresh_work_is_not_looked_up_and_the_first_outcome_stands_all_the_same() {
    worker.started();
    runner.batches.clear();
    Address address = new Address(Requests.CLIENT, "a", true, null);
    Outcome cancelled = Outcomes.cancelled(address, cluster.now(), "/sdk");
    cluster.outcomes.deliver(List.of(cancelled));
    cluster.add(embeddings("a", "x").time(cluster.now()));
    cluster.advance(Duration.ofMillis(450));
    worker.run();
    assertThat(runner.batches).hasSize(1);
    assertThat(cluster.published()).containsExactly(cancelled);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  /** As one that the router held until now: its record is new, the request is not. */
  @Test
  void work_that_just_came_is_looked_up_by_the_age_of_its_request() {
    worker.started();
    runner.batches.clear();
    Requests held = embeddings("a", "x"); // submitted at the beginning
    cluster.advance(Duration.ofMillis(500));
    Address address = new Address(Requests.CLIENT, "a", true, null);
    Outcome cancelled = Outcomes.cancelled(address, cluster.now(), "/sdk");
    cluster.outcomes.deliver(List.of(cancelled));
    cluster.add(held);
    worker.run();
    assertThat(runner.batches).isEmpty();
    assertThat(cluster.published()).containsExactly(cancelled);
  }

  @Test
  void request_cancelled_while_it_waits_for_the_device_is_not_run() {
    worker.started();
    runner.batches.clear();
    cluster.add(embeddings("first", "x"));
    worker.untilBatch(); // the device is busy from now on
    for (int i = 0; i < 95; i++) {
      cluster.add(embeddings("q" + i, "word" + i));
    }
    for (int i = 0; i < 200; i++) {
      worker.turn();
      worker.stepPrepare();
      cluster.advance(Duration.ofMillis(1));
    }
    Address address = new Address(Requests.CLIENT, "q94", true, null);
    Outcome cancelled = Outcomes.cancelled(address, cluster.now(), "/sdk");
    cluster.outcomes.deliver(List.of(cancelled));
    for (int i = 0; i < 100; i++) {
      worker.turn();
      cluster.advance(Duration.ofMillis(20));
    }
    worker.run();
    List<String> run = runner.batches.stream().flatMap(List::stream).toList();
    assertThat(run).contains("x", "word0", "word93").doesNotContain("word94");
    assertThat(cluster.outcome("q94")).isEqualTo(cancelled);
    assertThat(cluster.published()).hasSize(96).contains(cancelled);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void large_request_is_split_over_batches_and_joined_in_order() {
    worker.started();
    String[] texts = new String[100];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = ("abcdefghij".charAt(i % 10) + " ").repeat(1 + (i * 7) % 20).strip();
    }
    cluster.add(embeddings("large", texts));
    worker.run();
    EmbeddingsResponse response = EmbeddingsResponse.parse(cluster.outcome("large").body());
    assertThat(response.vectors())
        .containsExactlyElementsOf(Arrays.stream(texts).map(WordModel::vector).toList());
  }

  @Test
  void draining_worker_finishes_what_it_has_and_takes_no_more() {
    worker.started();
    cluster.addMany(30);
    worker.turn();
    worker.turn();
    worker.loop.drain();
    cluster.add(embeddings("later", "x"));
    assertThat(worker.loop.drained()).isFalse();
    worker.run();
    assertThat(worker.loop.drained()).isTrue();
    assertThat(cluster.withStatus(Status.OK)).hasSize(30);
    assertThat(cluster.registry.list().get(0).state()).isEqualTo(WorkerState.DRAINING);
    worker.close();
    assertThat(cluster.topics.committed(new Slot(Cluster.WORK, 0))).isEqualTo(30);
    assertThat(cluster.registry.list()).isEmpty();
    assertThat(worker.runner.closed).isTrue();
  }

  @Test
  void heartbeat_tells_what_the_router_needs() {
    worker.started();
    cluster.addMany(40);
    worker.run();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    DeviceReport report = cluster.registry.list().get(0);
    assertThat(report.workerId()).isEqualTo("w1");
    assertThat(report.deviceType()).isEqualTo("type");
    assertThat(report.lane()).isEqualTo("lane");
    assertThat(report.usdPerHour()).isEqualTo(3.6);
    assertThat(report.state()).isEqualTo(WorkerState.READY);
    assertThat(report.queuedSeconds()).isZero();
    assertThat(report.memoryFreeBytes()).isEqualTo(123);
    assertThat(report.memoryUnusedBytes()).isEqualTo(45);
    assertThat(report.models().get("words").revision()).isEqualTo("r1");
    assertThat(report.models().get("words").tasks())
        .containsExactlyInAnyOrder(Task.EMBEDDINGS, Task.CLASSIFICATIONS);
    assertThat(report.models().get("words").batchRows()).isGreaterThan(1);
  }

  @Test
  void premium_request_overtakes_economy_requests() {
    worker.started();
    runner.batches.clear();
    for (int i = 0; i < 40; i++) {
      cluster.add(embeddings("e" + i, "economy").tier(Tier.ECONOMY));
    }
    cluster.add(embeddings("p", "premium").tier(Tier.PREMIUM).slack(Duration.ofSeconds(5)));
    worker.run();
    assertThat(runner.batches.get(0)).contains("premium");
  }
}
