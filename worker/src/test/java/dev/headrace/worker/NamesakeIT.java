package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.PoisonedWorker;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that have what only one can have, with a real Kafka and a real Redis. */
class NamesakeIT extends OwnServersSuite {
  @BeforeAll
  static void patience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeEach
  void configure() {
    stage.settings().put("redis.heartbeat-ttl", "3s");
    stage.settings().put("redis.timeout", "500ms");
  }

  private static FakeRunner runner() {
    return new FakeRunner(WordModel.named("words"));
  }

  private List<String> submit(String prefix, int count) throws InterruptedException {
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(prefix + i);
      records.add(Requests.embeddings(prefix + i, "word " + i).time(Instant.now()).record());
    }
    stage.submit(records);
    return ids;
  }

  private void awaitServed(List<String> ids) {
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(ids.size()));
    assertThat(stage.outcomes(ids).values()).allMatch(o -> o.status() == Status.OK);
  }

  @Test
  void second_worker_with_the_same_id_ends_and_says_why() throws Exception {
    WorkerProcess first = stage.worker("w1", NamesakeIT::runner);
    await().until(() -> first.app().health().ready());
    WorkerProcess second = stage.worker("w1", NamesakeIT::runner);
    assertThat(second.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
    assertThat(second.app().failure())
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.id: w1 (expected: an id that no other living worker has;");
    second.close();

    assertThat(first.app().failure()).isNull();
    awaitServed(submit("r", 100));
    assertThat(stage.stores().deviceRegistry().list())
        .extracting(DeviceReport::workerId)
        .containsExactly("w1");
  }

  @Test
  void second_worker_with_the_same_id_is_refused_before_it_loads_a_model() throws Exception {
    WorkerProcess first = stage.worker("w1", NamesakeIT::runner);
    await().until(() -> first.app().health().ready());
    assertThatThrownBy(() -> stage.worker("w1"))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.id: w1 (expected: an id that no other living worker has; one")
        .hasMessageContaining(stage.lane());
    awaitServed(submit("r", 20));
  }

  /** Its drain timeout is 20 s; nothing that it loads is needed any more. */
  @Test
  void worker_that_is_refused_while_it_loads_its_models_ends_at_once() throws Exception {
    WorkerProcess first = stage.worker("w1", NamesakeIT::runner);
    await().until(() -> first.app().health().ready());
    CountDownLatch left = new CountDownLatch(1);
    WorkerProcess second =
        stage.workerWith(
            "w1",
            () -> {
              try {
                new CountDownLatch(1).await(); // as what reads a file: an interrupt ends it
              } catch (InterruptedException e) {
                left.countDown();
                throw e;
              }
              throw new AssertionError("not interrupted");
            });
    assertThat(second.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
    long begin = System.nanoTime();
    second.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
    assertThat(left.getCount()).isZero();
    assertThat(second.app().failure()).hasMessageContaining("worker.id: w1 (expected: an id");
    assertThat(second.app().stuck()).isFalse();
    awaitServed(submit("r", 20));
  }

  /** As in native code. */
  @Test
  void worker_that_is_refused_does_not_wait_for_a_load_that_no_interrupt_ends() throws Exception {
    WorkerProcess first = stage.worker("w1", NamesakeIT::runner);
    await().until(() -> first.app().health().ready());
    CountDownLatch done = new CountDownLatch(1);
    stage.settings().put("worker.drain-timeout", "2s");
    WorkerProcess second =
        stage.workerWith(
            "w1",
            () -> {
              while (done.getCount() > 0) {
                LockSupport.parkNanos(1_000_000);
              }
              return new OneShotEngine(runner(), System::nanoTime);
            });
    try {
      assertThat(second.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
      second.close();
      assertThat(second.app().stuck()).as("the process is to be halted").isTrue();
      assertThat(second.app().failure()).hasMessageContaining("worker.id: w1 (expected: an id");
    } finally {
      done.countDown();
    }
    await().until(() -> !second.app().stuck());
  }

  @Test
  void killed_worker_that_is_started_again_waits_for_its_own_heartbeat(@TempDir Path logs)
      throws Exception {
    Process killed =
        PoisonedWorker.start(stage.settings(), "w1", logs.resolve("killed.log").toFile());
    await()
        .until(
            () ->
                stage.stores().deviceRegistry().list().stream()
                    .anyMatch(r -> r.state() == WorkerState.READY));
    killed.destroyForcibly();
    killed.waitFor();
    long begin = System.nanoTime();
    WorkerProcess again = stage.worker("w1", NamesakeIT::runner);
    await().until(() -> again.app().health().ready());
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
    assertThat(again.app().failure()).isNull();
    List<String> ids = submit("r", 50);
    awaitServed(ids);
    assertThat(stage.outcome(ids.get(0)).detail(Detail.WORKER)).isEqualTo("w1");
  }

  @Test
  void of_two_started_while_redis_was_away_one_works_and_the_other_says_why() throws Exception {
    servers.redis().stop();
    WorkerProcess a = stage.worker("w1", NamesakeIT::runner);
    WorkerProcess b = stage.worker("w1", NamesakeIT::runner);
    List<String> ids = submit("r", 20);
    await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
    assertThat(a.app().health().ready()).isFalse();
    assertThat(b.app().health().ready()).isFalse();
    servers.redis().start();
    await().until(() -> a.app().failure() != null || b.app().failure() != null);
    WorkerProcess ended = a.app().failure() != null ? a : b;
    WorkerProcess lives = ended == a ? b : a;
    assertThat(ended.app().failure()).hasMessageContaining("worker.id: w1 (expected");
    ended.close();
    await().until(() -> lives.app().health().ready());
    awaitServed(ids);
    assertThat(lives.app().failure()).isNull();
  }

  /** Whichever way they meet: each sees the other's group members, or its heartbeat. */
  @Test
  void of_two_of_different_intake_that_start_in_one_moment_at_most_one_works() throws Exception {
    List<CompletableFuture<WorkerProcess>> starts = new ArrayList<>();
    for (String intake : List.of("group", "share")) {
      stage.settings().put("worker.intake", intake);
      var own = new HashMap<>(stage.settings());
      own.put("worker.id", intake);
      WorkerProcess.Plan plan = WorkerProcess.plan(Settings.of(own));
      starts.add(
          CompletableFuture.supplyAsync(
              () ->
                  plan.start(
                      () -> new OneShotEngine(runner(), System::nanoTime),
                      new SimpleMeterRegistry())));
    }
    List<WorkerProcess> started =
        starts.stream()
            .map(f -> f.handle((worker, refused) -> worker).join())
            .filter(Objects::nonNull)
            .toList();
    try {
      await()
          .until(
              () ->
                  started.size() < 2 || started.stream().anyMatch(w -> w.app().failure() != null));
      started.stream()
          .map(w -> w.app().failure())
          .filter(Objects::nonNull)
          .forEach(f -> assertThat(f).hasMessageContaining("worker.intake"));
      assertThat(started.stream().filter(w -> w.app().health().ready())).hasSizeLessThan(2);
    } finally {
      started.forEach(WorkerProcess::close);
    }
  }
}
