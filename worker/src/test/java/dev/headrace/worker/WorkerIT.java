package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import dev.headrace.worker.testing.WordModel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Workers with a real Kafka and a real Redis; the device counts letters. */
class WorkerIT extends ServerSuite {
  private final String unique = UUID.randomUUID().toString().substring(0, 8) + "-";
  private Stage stage;

  @BeforeAll
  static void patience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeEach
  void open() {
    stage = new Stage(servers().kafkaBootstrap(), servers().redisUri());
  }

  @AfterEach
  void close() {
    if (stage != null) {
      stage.close();
    }
  }

  private Requests embeddings(int n, String... texts) {
    return Requests.embeddings(unique + n, texts).time(Instant.now());
  }

  private List<String> submit(int from, int to) throws InterruptedException {
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      ids.add(unique + i);
      records.add(embeddings(i, "word " + i).record());
    }
    stage.submit(records);
    return ids;
  }

  private void awaitAll(List<String> ids) {
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(ids.size()));
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
  }

  private static FakeRunner runner() {
    return new FakeRunner(WordModel.named("words"));
  }

  @Test
  void thousands_of_requests_get_one_outcome_each_in_redis_and_kafka() throws Exception {
    stage.worker("w1", WorkerIT::runner);
    List<String> ids = submit(0, 3000);
    awaitAll(ids);
    assertThat(stage.outcomes(ids).values()).allMatch(o -> o.status() == Status.OK);
    List<WireRecord> published = stage.records(Topics.OUTCOMES, unique);
    assertThat(published).hasSize(3000);
    Map<String, Outcome> stored = stage.outcomes(ids);
    assertThat(published)
        .extracting(OutcomeCodec::decode)
        .allSatisfy(o -> assertThat(o).isEqualTo(stored.get(o.id())));
  }

  @Test
  void bad_records_among_good_ones_end_in_the_dead_letter_topic() throws Exception {
    WorkerProcess worker = stage.worker("w1", WorkerIT::runner);
    List<WireRecord> records = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      ids.add(unique + i);
      Requests r = embeddings(i, "word");
      records.add(
          switch (i % 6) {
            case 1 -> r.body("{\"model\":".getBytes(StandardCharsets.UTF_8)).record();
            case 2 -> new WireRecord(r.record().key(), r.record().headers(), null);
            case 3 -> r.slack(Duration.ofSeconds(-5)).record();
            default -> r.record();
          });
    }
    stage.submit(records);
    awaitAll(ids);
    Map<String, Outcome> outcomes = stage.outcomes(ids);
    assertThat(outcomes.values())
        .extracting(Outcome::status)
        .filteredOn(s -> s == Status.FAILED)
        .hasSize(20);
    assertThat(outcomes.values()).filteredOn(o -> o.status() == Status.EXPIRED).hasSize(10);
    List<WireRecord> letters = stage.records(Topics.DEAD_LETTERS, unique);
    assertThat(letters)
        .hasSize(20)
        .allSatisfy(
            l -> {
              assertThat(l.text(DeadLetter.ERROR_CODE)).isEqualTo("invalid_body");
              assertThat(l.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo(Topics.work(stage.lane()));
            });
    assertThat(worker.app().health().ready()).isTrue();
  }

  @Test
  void unknown_model_goes_back_to_the_router_with_this_device_type_excluded() throws Exception {
    stage.worker("w1", WorkerIT::runner);
    stage.submit(List.of(embeddings(0, "x").model("other").record()));
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
    WireRecord retry = stage.records(Topics.retry(Topics.RETRY_DELAYS.get(0)), unique).get(0);
    Decoded decoded = RequestCodec.decode(retry, Tier.STANDARD, Instant.now());
    assertThat(((Decoded.Valid) decoded).request().attempts().excluded()).containsExactly("test");
    assertThat(stage.outcome(unique + 0)).isNull();
  }

  @Test
  void cancelled_request_stays_cancelled() throws Exception {
    Outcome cancelled =
        Outcomes.cancelled(
            new Address(Requests.CLIENT, unique + 0, true, null), Instant.now(), "/sdk");
    stage.stores().outcomeStore().deliver(List.of(cancelled));
    stage.submit(List.of(embeddings(0, "x").record()));
    stage.worker("w1", WorkerIT::runner);
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
    assertThat(stage.outcome(unique + 0)).isEqualTo(cancelled);
    assertThat(stage.records(Topics.OUTCOMES, unique)).hasSize(1);
  }

  @Test
  void leader_answers_its_followers() throws Exception {
    Requests leader = embeddings(0, unique + "text").leading();
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      questions.add(
          new Question(
              leader.cacheKey(),
              Outcomes.waiting(i == 0 ? leader.build() : embeddings(i, unique + "text").build()),
              Duration.ofSeconds(30),
              true));
    }
    stage.stores().resultCache().resolve(questions);
    stage.worker("w1", WorkerIT::runner);
    stage.submit(List.of(leader.record()));
    List<String> ids = questions.stream().map(q -> q.waiting().id()).toList();
    awaitAll(ids);
    assertThat(stage.outcomes(ids).values())
        .extracting(o -> o.detail(Detail.CACHE))
        .containsExactlyInAnyOrder("miss", "coalesced", "coalesced", "coalesced", "coalesced");
  }

  @Test
  void second_worker_takes_over_what_the_first_hands_back() throws Exception {
    WorkerProcess first = stage.worker("w1", WorkerIT::runner);
    List<String> ids = submit(0, 1000);
    await().until(() -> stage.outcomes(ids).size() > 50);
    stage.worker("w2", WorkerIT::runner);
    List<String> more = submit(1000, 4000);
    first.app().close(Duration.ofMillis(100));
    assertThat(first.app().failure()).isNull();
    List<String> all = new ArrayList<>(ids);
    all.addAll(more);
    awaitAll(all);
    Map<String, Outcome> outcomes = stage.outcomes(all);
    assertThat(outcomes.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(stage.published(unique)).containsExactlyInAnyOrderElementsOf(outcomes.values());
  }

  @Test
  void drained_worker_has_done_all_it_took() throws Exception {
    WorkerProcess worker = stage.worker("w1", WorkerIT::runner);
    List<String> ids = submit(0, 2000);
    await().until(() -> stage.outcomes(ids).size() > 10);
    worker.app().drain();
    assertThat(worker.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
    int done = stage.outcomes(ids).size();
    assertThat(stage.lag()).isEqualTo(2000 - done);
    assertThat(stage.stores().deviceRegistry().list()).noneMatch(r -> r.workerId().equals("w1"));
  }

  @Test
  void heartbeat_carries_a_measured_curve_before_work_is_taken() {
    stage.worker("w1", WorkerIT::runner);
    await()
        .untilAsserted(
            () -> {
              DeviceReport report =
                  stage.stores().deviceRegistry().list().stream()
                      .filter(r -> r.lane().equals(stage.lane()))
                      .findFirst()
                      .orElseThrow();
              assertThat(report.state()).isEqualTo(WorkerState.READY);
              assertThat(report.models().get("words").curve().samples()).isPositive();
            });
  }

  @Test
  void worker_whose_engine_does_not_open_ends_with_the_reason() throws Exception {
    WorkerProcess worker =
        stage.worker(
            "w1",
            () -> {
              throw new IllegalStateException("no such device");
            });
    assertThat(worker.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
    assertThat(worker.app().failure()).hasMessageContaining("no such device");
  }

  @Test
  void lost_device_ends_the_worker_and_another_does_its_work() throws Exception {
    FakeRunner failing = runner();
    failing.failOn("word 7", ErrorCode.DEVICE_LOST);
    WorkerProcess first = stage.worker("w1", () -> failing);
    List<String> ids = submit(0, 20);
    assertThat(first.app().awaitEnd(Duration.ofSeconds(30))).isTrue();
    assertThat(first.app().failure()).hasMessageContaining("device_lost");
    stage.worker("w2", WorkerIT::runner);
    awaitAll(ids);
    assertThat(stage.outcomes(ids).values()).allMatch(o -> o.status() == Status.OK);
  }

  @Test
  void threads_are_those_that_are_listed_and_are_gone_after_close() throws Exception {
    WorkerProcess worker = stage.worker("w1", WorkerIT::runner);
    await().until(() -> worker.app().health().ready());
    assertThat(threadNames()).containsAll(worker.app().threads());
    assertThat(threadNames())
        .filteredOn(n -> n.matches("(worker-loop|prepare|deliver|loader|engine)-.*"))
        .hasSameElementsAs(worker.app().threads());
    worker.close();
    assertThat(threadNames()).doesNotContainAnyElementsOf(worker.app().threads());
  }

  private static List<String> threadNames() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }
}
