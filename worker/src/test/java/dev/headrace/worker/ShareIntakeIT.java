package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.testing.FakeGenerator;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.PacedEngine;
import dev.headrace.worker.testing.PoisonedWorker;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.SlowRunner;
import dev.headrace.worker.testing.Stage;
import dev.headrace.worker.testing.WordModel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that take their lane's work as a share group, with a real Kafka and a real Redis. */
class ShareIntakeIT {
  /** Shorter than other brokers allow. */
  private static final Duration LOCK = Duration.ofSeconds(3);

  private static EmbeddedServers servers;

  private Stage stage;

  @BeforeAll
  static void start() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    servers = EmbeddedServers.builder().build().start();
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void open() {
    stage = new Stage(servers.kafkaBootstrap(), servers.redisUri(), 1);
    stage.settings().put("worker.intake", "share");
    stage.settings().put("worker.share.lock", "3s");
  }

  @AfterEach
  void close() {
    stage.close();
  }

  private static FakeRunner runner() {
    return new FakeRunner(WordModel.named("words"));
  }

  private List<String> submit(int from, int to) throws InterruptedException {
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      String id = stage.lane() + "-" + i;
      ids.add(id);
      records.add(Requests.embeddings(id, "word " + i).time(Instant.now()).record());
    }
    stage.submit(records);
    return ids;
  }

  private void awaitAll(List<String> ids) {
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(ids.size()));
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
  }

  @Test
  void what_was_sent_before_the_first_worker_came_gets_its_outcomes() throws Exception {
    List<String> ids = submit(0, 700);
    assertThat(stage.lag()).isEqualTo(700);
    stage.worker("w1", ShareIntakeIT::runner);
    awaitAll(ids);
    Map<String, Outcome> outcomes = stage.outcomes(ids);
    assertThat(outcomes.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(outcomes.values()).allMatch(o -> "w1".equals(o.detail(Detail.WORKER)));
    assertThat(stage.records(Topics.OUTCOMES, stage.lane())).hasSize(700);
  }

  private static Set<String> workersOf(Collection<Outcome> outcomes) {
    return outcomes.stream().map(o -> o.detail(Detail.WORKER)).collect(Collectors.toSet());
  }

  /** The outcomes topic may hold an outcome twice, with equal bytes, but no two. */
  private void assertOneOutcomeEach(List<String> ids) {
    Map<String, Outcome> stored = stage.outcomes(ids);
    assertThat(stored).hasSize(ids.size());
    assertThat(stage.published(stage.lane())).containsExactlyInAnyOrderElementsOf(stored.values());
  }

  @Test
  void three_workers_share_one_partition() throws Exception {
    for (String worker : List.of("w1", "w2", "w3")) {
      stage.settings().put("worker.batch.max-rows", "16");
      stage.worker(worker, () -> new SlowRunner(Duration.ofMillis(20)));
    }
    List<String> ids = submit(0, 1500);
    awaitAll(ids);
    assertThat(workersOf(stage.outcomes(ids).values())).containsExactlyInAnyOrder("w1", "w2", "w3");
    assertOneOutcomeEach(ids);
  }

  @Test
  void backlog_is_what_has_no_outcome_yet() throws Exception {
    stage.settings().put("worker.batch.max-rows", "10");
    stage.settings().put("worker.share.lock", "20s");
    SlowRunner runner = new SlowRunner(Duration.ofMillis(50));
    stage.worker("w1", () -> runner);
    List<String> ids = submit(0, 300);
    List<Long> seen = new ArrayList<>();
    while (stage.outcomes(ids).size() < ids.size()) {
      int before = stage.outcomes(ids).size();
      long lag = stage.lag();
      int after = stage.outcomes(ids).size();
      // What was acknowledged a moment ago may not be counted yet: at most the polls in hand.
      assertThat(lag).isBetween(300L - after, 300L - before + 40);
      seen.add(lag);
    }
    assertThat(seen).hasSizeGreaterThan(3);
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
  }

  @Test
  void stopping_worker_hands_back_what_it_has_not_done() throws Exception {
    stage.settings().put("worker.batch.max-rows", "50");
    stage.settings().put("worker.share.lock", "20s");
    WorkerProcess first = stage.worker("w1", () -> new SlowRunner(Duration.ofMillis(400)));
    List<String> ids = submit(0, 1000);
    await().until(() -> !stage.outcomes(ids).isEmpty());
    first.app().close(Duration.ofMillis(100));
    assertThat(first.app().failure()).isNull();
    assertThat(stage.outcomes(ids).size()).isLessThan(1000);
    long begin = System.nanoTime();
    stage.worker("w2", ShareIntakeIT::runner);
    awaitAll(ids);
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .as("no lock was waited for")
        .isLessThan(Duration.ofSeconds(15));
    assertThat(workersOf(stage.outcomes(ids).values())).containsExactlyInAnyOrder("w1", "w2");
    assertOneOutcomeEach(ids);
  }

  @Test
  void drained_worker_has_done_all_it_took() throws Exception {
    stage.settings().put("worker.batch.max-rows", "20");
    WorkerProcess worker = stage.worker("w1", () -> new SlowRunner(Duration.ofMillis(100)));
    List<String> ids = submit(0, 2000);
    await().until(() -> stage.outcomes(ids).size() > 10);
    worker.app().drain();
    assertThat(worker.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
    int done = stage.outcomes(ids).size();
    assertThat(done).isLessThan(2000);
    await().untilAsserted(() -> assertThat(stage.lag()).isEqualTo(2000 - done));
  }

  @Test
  void records_of_a_worker_whose_device_hangs_come_to_others_while_it_lives() throws Exception {
    stage.settings().put("redis.heartbeat-ttl", "2s");
    stage.settings().put("worker.batch.stuck-after", "24s"); // stalled after 6
    stage.settings().put("worker.batch.max-rows", "4");
    SlowRunner hanging = new SlowRunner(Duration.ZERO);
    WorkerProcess first = stage.worker("w1", () -> hanging);
    await().until(() -> first.app().health().ready());
    String guilty = stage.lane() + "-hangs";
    stage.submit(
        List.of(Requests.embeddings(guilty, SlowRunner.HANGS).time(Instant.now()).record()));
    List<String> ids = submit(0, 60);
    await().until(() -> first.app().health().inFlight() > 0);
    stage.worker("w2", ShareIntakeIT::runner); // does not hang at it
    // All but those that were on its device, at most two batches: they wait for what becomes of it.
    await().until(() -> stage.outcomes(ids).size() >= ids.size() - 8);
    assertThat(first.app().failure()).as("it lives and hangs").isNull();
    ids.add(guilty);
    awaitAll(ids);
    assertThat(stage.outcomes(ids).values()).allMatch(o -> o.status() == Status.OK);
    assertThat(stage.outcome(guilty).detail(Detail.WORKER)).isEqualTo("w2");
    hanging.letGo();
    assertOneOutcomeEach(ids);
  }

  @Test
  void records_of_a_killed_worker_come_to_others_long_before_the_lock(@TempDir Path logs)
      throws Exception {
    stage.settings().put("redis.heartbeat-ttl", "2s");
    stage.settings().put("worker.share.lock", "60s");
    stage.settings().put("worker.batch.max-rows", "16");
    Process killed =
        PoisonedWorker.start(stage.settings(), "killed", logs.resolve("killed.log").toFile());
    try {
      await()
          .until(
              () ->
                  stage.stores().deviceRegistry().list().stream()
                      .anyMatch(
                          r -> r.workerId().equals("killed") && r.state() == WorkerState.READY));
      String killer = stage.lane() + "-killer";
      List<String> ids = new ArrayList<>(List.of(killer));
      stage.submit(
          List.of(Requests.embeddings(killer, PoisonedWorker.KILLER).time(Instant.now()).record()));
      ids.addAll(submit(0, 40));
      await().until(() -> !killed.isAlive());
      long begin = System.nanoTime();
      stage.worker("w2", ShareIntakeIT::runner); // survives it
      awaitAll(ids);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(40));
      assertThat(stage.outcomes(ids).values()).allMatch(o -> o.status() == Status.OK);
      assertThat(stage.outcome(killer).detail(Detail.WORKER)).isEqualTo("w2");
      assertOneOutcomeEach(ids);
    } finally {
      killed.destroyForcibly();
    }
  }

  @Test
  void texts_that_take_many_times_the_lock_are_written_once() throws Exception {
    Map<PacedEngine, Integer> warmUps = new HashMap<>();
    for (String id : List.of("w1", "w2")) {
      PacedEngine engine =
          new PacedEngine(
              new FakeGenerator("gen", new Concurrency(4, 1_000_000)), Duration.ofMillis(50));
      WorkerProcess worker = stage.workerWith(id, () -> engine);
      await().until(() -> worker.app().health().ready());
      warmUps.put(engine, engine.admitted());
    }
    int steps = (int) (3 * LOCK.toMillis() / 50);
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      ids.add(stage.lane() + "-t" + i);
      // Some end while the others of their poll are kept.
      int tokens = i % 2 == 0 ? steps : 10 * (i + 1);
      records.add(Requests.completion(ids.get(i), tokens).record());
    }
    stage.submit(records);
    awaitAll(ids);
    for (Outcome outcome : stage.outcomes(ids).values()) {
      int i = ids.indexOf(outcome.id());
      assertThat(GenerationResponse.parse(outcome.body()).choices().get(0).text())
          .isEqualTo(FakeGenerator.text(i % 2 == 0 ? steps : 10 * (i + 1)));
    }
    int admitted = 0;
    for (Map.Entry<PacedEngine, Integer> e : warmUps.entrySet()) {
      admitted += e.getKey().admitted() - e.getValue();
    }
    assertThat(admitted).as("nothing ran twice").isEqualTo(6);
    assertOneOutcomeEach(ids);
  }
}
