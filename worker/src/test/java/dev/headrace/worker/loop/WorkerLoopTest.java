package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WorkerLoopTest {
  private final Cluster cluster = new Cluster();
  private final FakeRunner runner = new FakeRunner(WordModel.named("words"));
  private final TestWorker worker = new TestWorker(cluster, "w1", runner);

  private static Requests embeddings(String id, String... texts) {
    return Requests.embeddings(id, texts);
  }

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

  // ---- what does not run -------------------------------------------------------------------

  static Stream<Arguments> bad_records() {
    WireRecord good = embeddings("bad", "text").cloudEvent();
    byte[] huge = EmbeddingsRequest.of("words", List.of("x".repeat(1_000_001))).encode();
    byte[] surrogate =
        "{\"model\":\"words\",\"input\":\"\\ud800\"}".getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        Arguments.of("null value", value(good, null), ErrorCode.INVALID_BODY),
        Arguments.of("empty value", value(good, new byte[0]), ErrorCode.INVALID_BODY),
        Arguments.of("bad JSON", value(good, bytes("{\"model\"")), ErrorCode.INVALID_BODY),
        Arguments.of("JSON of another kind", value(good, bytes("[1]")), ErrorCode.INVALID_BODY),
        Arguments.of(
            "invalid UTF-8",
            value(good, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}),
            ErrorCode.INVALID_BODY),
        Arguments.of(
            "wrong type",
            value(good, bytes("{\"model\":\"words\",\"input\":5}")),
            ErrorCode.INVALID_BODY),
        Arguments.of(
            "other model in the body",
            value(good, bytes("{\"model\":\"other\",\"input\":\"x\"}")),
            ErrorCode.INVALID_BODY),
        Arguments.of("half a surrogate pair", value(good, surrogate), ErrorCode.INVALID_BODY),
        Arguments.of("huge text", value(good, huge), ErrorCode.INPUT_TOO_LARGE),
        Arguments.of("unknown task", header(good, "ce_task", "paint"), ErrorCode.UNKNOWN_TASK),
        Arguments.of(
            "unknown version", header(good, "ce_specversion", "2.0"), ErrorCode.UNSUPPORTED_EVENT),
        Arguments.of("unknown type", header(good, "ce_type", "other"), ErrorCode.UNSUPPORTED_EVENT),
        Arguments.of(
            "deadline that is no time",
            header(good, "ce_deadline", "soon"),
            ErrorCode.MALFORMED_EVENT),
        Arguments.of("missing header", without(good, "ce_model"), ErrorCode.MALFORMED_EVENT),
        Arguments.of(
            "doubled header", doubled(good, "ce_model", "words"), ErrorCode.MALFORMED_EVENT),
        Arguments.of(
            "defect in the tokenizer",
            embeddings("bad", "defect in the tokenizer").cloudEvent(),
            ErrorCode.INTERNAL_ERROR),
        Arguments.of(
            "body that is gone",
            Requests.request("bad")
                .payload(Payload.byReference(RedisKeys.blob(Requests.CLIENT, "bad")))
                .cloudEvent(),
            ErrorCode.PAYLOAD_LOST));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static WireRecord value(WireRecord record, byte[] value) {
    return new WireRecord(record.key(), record.headers(), value);
  }

  private static WireRecord header(WireRecord record, String name, String value) {
    return record.with(List.of(WireHeader.of(name, value)));
  }

  private static WireRecord without(WireRecord record, String name) {
    List<WireHeader> headers = new ArrayList<>(record.headers());
    headers.removeIf(h -> h.name().equals(name));
    return new WireRecord(record.key(), headers, record.value());
  }

  private static WireRecord doubled(WireRecord record, String name, String value) {
    List<WireHeader> headers = new ArrayList<>(record.headers());
    headers.add(WireHeader.of(name, value));
    return new WireRecord(record.key(), headers, record.value());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad_records")
  void bad_record_gets_its_outcome_and_harms_no_other(String what, WireRecord bad, ErrorCode code) {
    worker.started();
    cluster.add(embeddings("before", "one"));
    cluster.addRecord(bad);
    cluster.add(embeddings("after", "two"));
    worker.run();
    Outcome outcome = cluster.outcome("bad");
    assertThat(outcome.status()).isEqualTo(Status.FAILED);
    assertThat(outcome.failure().code()).isEqualTo(code);
    assertThat(outcome.detail(Detail.WORKER)).isEqualTo("w1");
    assertThat(cluster.outcome("before").status()).isEqualTo(Status.OK);
    assertThat(cluster.outcome("after").status()).isEqualTo(Status.OK);
    WireRecord letter = cluster.deadLetters().get(0);
    assertThat(cluster.deadLetters()).hasSize(1);
    assertThat(letter.value()).isEqualTo(bad.value());
    assertThat(letter.headers()).containsAll(bad.headers());
    assertThat(letter.text(DeadLetter.ERROR_CODE)).isEqualTo(code.wireId());
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_OFFSET, -1)).isEqualTo(1);
    assertThat(worker.consumer.unacknowledged()).isZero();
    assertThat(worker.count("dead.letters", "code", code.wireId())).isEqualTo(1);
  }

  @Test
  void record_without_address_is_a_dead_letter_only() {
    worker.started();
    cluster.addRecord(new WireRecord(null, List.of(), bytes("?")));
    cluster.addRecord(new WireRecord(null, List.of(new WireHeader("ce_id", null)), null));
    worker.run();
    assertThat(cluster.deadLetters()).hasSize(2);
    assertThat(cluster.outcomes.outcomes()).isEmpty();
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void deadline_in_the_past_expires() {
    worker.started();
    cluster.add(embeddings("late", "x").slack(Duration.ofSeconds(-1)));
    worker.run();
    assertThat(cluster.outcome("late").status()).isEqualTo(Status.EXPIRED);
    assertThat(cluster.deadLetters()).isEmpty();
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void deadline_in_the_far_future_does_no_harm() {
    worker.started();
    cluster.addRecord(
        header(embeddings("a", "x").cloudEvent(), "ce_deadline", "9999-12-31T23:59:59Z"));
    worker.run();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
  }

  @Test
  void unknown_model_goes_elsewhere_until_the_attempts_are_used_up() {
    worker.started();
    byte[] body = EmbeddingsRequest.of("other", List.of("x")).encode();
    cluster.add(Requests.request("first").model("other").body(body));
    Attempts last = new Attempts(4, List.of("a", "b", "c"), List.of("a", "b", "c"));
    cluster.add(Requests.request("last").model("other").body(body).attempts(last));
    worker.run();
    WireRecord retry = cluster.retries().get(0);
    Decoded decoded = RequestCodec.decode(retry, Tier.STANDARD, cluster.now());
    assertThat(((Decoded.Valid) decoded).request().attempts())
        .isEqualTo(new Attempts(2, List.of("type"), List.of("type")));
    assertThat(((Decoded.Valid) decoded).request().assignment()).isNull();
    assertThat(cluster.outcome("first")).isNull();
    assertThat(cluster.outcome("last").failure().code()).isEqualTo(ErrorCode.UNKNOWN_MODEL);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void task_that_the_model_does_not_do_is_a_dead_letter() {
    WordModel limited = new WordModel("words", "r1", Set.of(Task.EMBEDDINGS));
    TestWorker other = new TestWorker(cluster, "w2", new FakeRunner(limited)).started();
    cluster.add(Requests.classification("c", "x", "a", "b"));
    other.run();
    assertThat(cluster.outcome("c").failure().code()).isEqualTo(ErrorCode.UNKNOWN_TASK);
  }

  @Test
  void cancelled_request_is_not_run_but_published() {
    worker.started();
    runner.batches.clear();
    Address address = new Address(Requests.CLIENT, "a", true, null);
    Outcome cancelled = Outcomes.cancelled(address, cluster.now(), "/sdk");
    cluster.outcomes.deliver(List.of(cancelled));
    cluster.add(embeddings("a", "x"));
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
    cluster.add(embeddings("a", "x"));
    cluster.advance(Duration.ofMillis(499));
    worker.run();
    assertThat(runner.batches).hasSize(1);
    assertThat(cluster.published()).containsExactly(cancelled);
    assertThat(worker.consumer.unacknowledged()).isZero();
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
  void body_by_reference_is_fetched_and_waits_for_a_store_that_is_away() {
    worker.started();
    Requests request =
        Requests.request("a").payload(Payload.byReference(RedisKeys.blob(Requests.CLIENT, "a")));
    cluster.outcomes.putBlob(
        request.build().address(), EmbeddingsRequest.of("words", List.of("a b")).encode());
    cluster.add(request);
    worker.turn();
    worker.turn();
    cluster.outage.begin();
    worker.run();
    assertThat(worker.consumer.unacknowledged()).isEqualTo(1);
    cluster.outage.end();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
    assertThat(cluster.retries()).isEmpty();
  }

  // ---- errors of the device ----------------------------------------------------------------

  private void addMany(int count) {
    for (int i = 0; i < count; i++) {
      cluster.add(embeddings("r" + i, "word" + i));
    }
  }

  private List<String> withStatus(Status status) {
    return cluster.outcomes.outcomes().stream()
        .filter(o -> o.status() == status)
        .map(Outcome::id)
        .toList();
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.EnumSource(
      value = ErrorCode.class,
      names = {"INTERNAL_ERROR", "INVALID_BODY"})
  void one_bad_row_does_not_fail_its_batch(ErrorCode code) {
    worker.started();
    addMany(30);
    runner.failOn("word13", code);
    worker.run();
    assertThat(withStatus(Status.OK)).hasSize(29);
    assertThat(cluster.outcome("r13").failure().code()).isEqualTo(code);
    assertThat(cluster.deadLetters()).hasSize(1);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void request_with_one_bad_row_fails_once_and_as_a_whole() {
    worker.started();
    String[] texts = new String[50];
    Arrays.fill(texts, "fine");
    texts[20] = "bad";
    texts[40] = "bad";
    cluster.add(embeddings("large", texts), embeddings("other", "fine"));
    runner.failOn("bad", ErrorCode.INTERNAL_ERROR);
    worker.run();
    assertThat(cluster.outcome("large").failure().code()).isEqualTo(ErrorCode.INTERNAL_ERROR);
    assertThat(cluster.outcome("other").status()).isEqualTo(Status.OK);
    assertThat(cluster.deadLetters()).hasSize(1);
    assertThat(cluster.published()).hasSize(2);
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
  void transient_error_is_retried_with_a_pause_and_excludes_nothing() {
    worker.started();
    addMany(3);
    runner.failOn("word1", ErrorCode.BROKER_UNAVAILABLE);
    worker.run();
    // All were in its batch: they share its fate, and are none the worse for it.
    assertThat(cluster.retries()).isNotEmpty();
    for (WireRecord retry : cluster.retries()) {
      Decoded decoded = RequestCodec.decode(retry, Tier.STANDARD, cluster.now());
      assertThat(((Decoded.Valid) decoded).request().attempts())
          .isEqualTo(new Attempts(2, List.of("type"), List.of()));
    }
    assertThat(withStatus(Status.OK).size() + cluster.retries().size()).isEqualTo(3);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void transient_error_on_the_last_attempt_is_a_dead_letter() {
    worker.started();
    cluster.add(embeddings("a", "bad").attempts(new Attempts(4, List.of("x"), List.of())));
    runner.failOn("bad", ErrorCode.NO_CAPACITY);
    worker.run();
    assertThat(cluster.outcome("a").failure().code()).isEqualTo(ErrorCode.ATTEMPTS_EXHAUSTED);
    assertThat(cluster.deadLetters().get(0).text(DeadLetter.TRIED)).isEqualTo("x,type");
  }

  @Test
  void retry_that_would_come_after_the_deadline_expires_instead() {
    worker.started();
    cluster.add(embeddings("a", "bad").slack(Duration.ofMillis(150)));
    runner.failOn("bad", ErrorCode.NO_CAPACITY);
    worker.run();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.EXPIRED);
    assertThat(cluster.retries()).isEmpty();
  }

  @Test
  void too_little_memory_makes_batches_smaller_and_is_remembered() {
    worker.started();
    runner.memoryTokens = 3;
    runner.batches.clear();
    addMany(16);
    worker.run();
    assertThat(withStatus(Status.OK)).hasSize(16);
    runner.batches.clear();
    for (int i = 100; i < 116; i++) {
      cluster.add(embeddings("r" + i, "word" + i));
    }
    worker.run();
    assertThat(withStatus(Status.OK)).hasSize(32);
    assertThat(runner.batches).allSatisfy(b -> assertThat(b.size()).isLessThanOrEqualTo(3));
  }

  @Test
  void row_that_does_not_fit_at_all_goes_to_another_device_type() {
    worker.started();
    runner.memoryTokens = 3;
    cluster.add(embeddings("long", "a b c d e"), embeddings("short", "a"));
    worker.run();
    Decoded decoded = RequestCodec.decode(cluster.retries().get(0), Tier.STANDARD, cluster.now());
    assertThat(((Decoded.Valid) decoded).request().attempts().excluded()).containsExactly("type");
    assertThat(cluster.outcome("short").status()).isEqualTo(Status.OK);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void lost_device_stops_the_worker_and_hands_its_records_back() {
    worker.started();
    addMany(5);
    runner.failOn("word2", ErrorCode.DEVICE_LOST);
    assertThatThrownBy(worker::run)
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("device_lost");
    FakeRunner healthy = new FakeRunner(WordModel.named("words"));
    worker.close();
    assertThat(cluster.registry.list()).isEmpty();
    TestWorker other = new TestWorker(cluster, "w2", healthy).started();
    other.run();
    assertThat(withStatus(Status.OK)).hasSize(5);
    assertThat(cluster.published()).hasSize(5);
  }

  // ---- crashes -----------------------------------------------------------------------------

  /** Runs until the device has a batch, then dies. */
  private TestWorker crash(TestWorker dying, String nextId) {
    dying.untilBatch();
    cluster.advance(Duration.ofSeconds(11));
    return new TestWorker(
        cluster,
        nextId,
        new FakeRunner(WordModel.named("words")),
        dying.consumer,
        TestWorker.INTAKE);
  }

  @Test
  void requests_that_ran_when_a_worker_died_run_alone_and_are_then_forgiven() {
    worker.started();
    addMany(3);
    TestWorker second = crash(worker, "w2").started();
    cluster.add(embeddings("new1", "a"), embeddings("new2", "b"));
    second.run();
    assertThat(withStatus(Status.OK)).hasSize(5);
    assertThat(second.runner.batches)
        .filteredOn(b -> b.get(0).startsWith("word"))
        .hasSize(3)
        .allSatisfy(b -> assertThat(b).hasSize(1));
    cluster.advance(Duration.ofSeconds(6));
    second.run();
    assertThat(cluster.ledger.crashes()).isEmpty();
  }

  @Test
  void request_that_kills_a_worker_alone_is_poison() {
    worker.started();
    cluster.add(embeddings("killer", "word"), embeddings("innocent", "word"));
    TestWorker second = crash(worker, "w2").opened();
    TestWorker third = crash(second, "w3").started();
    third.run();
    List<String> poison =
        cluster.outcomes.outcomes().stream()
            .filter(o -> o.failure() != null && o.failure().code() == ErrorCode.POISON)
            .map(Outcome::id)
            .toList();
    // The one that was on the device alone when the second died.
    assertThat(poison).containsExactly("killer");
    assertThat(cluster.outcome("innocent").status()).isEqualTo(Status.OK);
    assertThat(cluster.deadLetters().get(0).text(DeadLetter.ERROR_CODE)).isEqualTo("poison");
  }

  @Test
  void mark_is_cleared_when_nothing_runs() {
    worker.started();
    addMany(1);
    worker.run();
    cluster.advance(Duration.ofSeconds(20));
    assertThat(cluster.ledger.dead()).containsExactly("w1");
    worker.run();
    assertThat(cluster.ledger.dead()).isEmpty();
  }

  // ---- cache -------------------------------------------------------------------------------

  private void follow(Requests leader, String... ids) {
    List<Question> questions = new ArrayList<>();
    questions.add(question(leader));
    for (String id : ids) {
      questions.add(
          new Question(
              leader.cacheKey(),
              Outcomes.waiting(Requests.request(id).build()),
              Duration.ofSeconds(30),
              true));
    }
    cluster.cache.resolve(questions);
  }

  private static Question question(Requests request) {
    return new Question(
        request.cacheKey(), Outcomes.waiting(request.build()), Duration.ofSeconds(30), true);
  }

  @Test
  void leader_answers_its_followers_and_fills_the_cache() {
    worker.started();
    Requests leader = embeddings("leader", "x").leading();
    follow(leader, "f1", "f2");
    cluster.add(leader);
    worker.run();
    for (String id : List.of("f1", "f2")) {
      Outcome outcome = cluster.outcome(id);
      assertThat(outcome.status()).isEqualTo(Status.OK);
      assertThat(outcome.detail(Detail.CACHE)).isEqualTo("coalesced");
      assertThat(outcome.detail(Detail.USD)).isEqualTo("0");
      assertThat(outcome.body()).isEqualTo(cluster.outcome("leader").body());
    }
    assertThat(cluster.published()).hasSize(3);
    assertThat(cluster.cache.lookup(List.of(leader.cacheKey())).get(0)).isPresent();
    assertThat(cluster.cache.leader(leader.cacheKey())).isNull();
  }

  @Test
  void leader_that_fails_makes_way_for_a_follower() {
    worker.started();
    Requests leader = embeddings("leader", "bad").leading();
    follow(leader, "f1");
    cluster.add(leader);
    runner.failOn("bad", ErrorCode.INTERNAL_ERROR);
    worker.run();
    assertThat(cluster.outcome("leader").status()).isEqualTo(Status.FAILED);
    assertThat(cluster.outcome("f1")).isNull();
    assertThat(cluster.cache.leader(leader.cacheKey())).isNull();
    assertThat(cluster.cache.lookup(List.of(leader.cacheKey())).get(0)).isEmpty();
  }

  @Test
  void result_of_another_revision_is_not_cached() {
    WordModel newer = new WordModel("words", "r2", Set.of(Task.EMBEDDINGS));
    TestWorker other = new TestWorker(cluster, "w2", new FakeRunner(newer)).started();
    Requests leader = embeddings("leader", "x").leading();
    follow(leader, "f1");
    cluster.add(leader);
    other.run();
    assertThat(cluster.outcome("leader").status()).isEqualTo(Status.OK);
    assertThat(cluster.outcome("f1")).isNull();
    assertThat(cluster.cache.resolve(List.of(question(leader))).get(0))
        .isInstanceOf(ResultCache.Place.Lead.class);
  }

  // ---- flow --------------------------------------------------------------------------------

  @Test
  void intake_pauses_when_full_and_goes_on_polling() {
    worker.started();
    cluster.producer.hold();
    addMany(400);
    for (int i = 0; i < 200; i++) {
      worker.turn();
      worker.stepPrepare();
      worker.stepDevice();
      cluster.advance(Duration.ofMillis(5));
    }
    assertThat(worker.consumer.unacknowledged()).isBetween(100, 149);
    assertThat(worker.consumer.paused()).isNotEmpty();
    worker.consumer.assign(new Slot(Cluster.WORK, 2));
    worker.run();
    assertThat(worker.consumer.paused()).hasSize(3);
    cluster.producer.release();
    worker.run();
    assertThat(withStatus(Status.OK)).hasSize(400);
    assertThat(worker.consumer.unacknowledged()).isZero();
    assertThat(worker.consumer.paused()).isEmpty();
  }

  @Test
  void without_redis_what_was_taken_waits_and_nothing_more_is_taken() {
    worker.started();
    addMany(10);
    worker.turn();
    worker.turn();
    worker.stepPrepare();
    cluster.outage.begin();
    addMany(0);
    for (int i = 0; i < 300; i++) {
      worker.turn();
      worker.stepPrepare();
      worker.stepDevice();
      cluster.advance(Duration.ofMillis(10));
    }
    cluster.add(embeddings("later", "x"));
    worker.run();
    assertThat(worker.health.latest().storeUp()).isFalse();
    assertThat(worker.health.latest().ready()).isFalse();
    assertThat(worker.consumer.unacknowledged()).isEqualTo(10);
    cluster.outage.end();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    assertThat(withStatus(Status.OK)).hasSize(11);
    assertThat(worker.health.latest().storeUp()).isTrue();
  }

  @Test
  void requests_whose_time_runs_out_while_redis_is_away_expire() {
    worker.started();
    cluster.outage.begin();
    cluster.add(embeddings("a", "x").slack(Duration.ofSeconds(2)));
    worker.turn();
    cluster.advance(Duration.ofSeconds(3));
    worker.run();
    cluster.outage.end();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.EXPIRED);
  }

  @Test
  void broker_that_is_away_is_noticed_and_survived() {
    worker.started();
    worker.consumer.failPolls(3);
    cluster.add(embeddings("a", "x"));
    worker.turn();
    cluster.advance(Duration.ofMillis(100));
    worker.turn();
    assertThat(worker.health.latest().brokerUp()).isFalse();
    for (int i = 0; i < 10; i++) {
      cluster.advance(Duration.ofMillis(100));
      worker.run();
    }
    assertThat(worker.health.latest().brokerUp()).isTrue();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
  }

  @Test
  void revoked_records_are_dropped_and_done_when_they_come_again() {
    worker.started();
    addMany(20);
    worker.turn();
    worker.turn();
    worker.stepPrepare();
    worker.turn();
    worker.consumer.revoke(new Slot(Cluster.WORK, 0));
    worker.run();
    worker.run();
    assertThat(worker.health.latest().inFlight()).isZero();
    int before = withStatus(Status.OK).size();
    assertThat(before).isLessThan(20);
    worker.consumer.assign(new Slot(Cluster.WORK, 0));
    worker.run();
    assertThat(withStatus(Status.OK)).hasSize(20);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }

  @Test
  void draining_worker_finishes_what_it_has_and_takes_no_more() {
    worker.started();
    addMany(30);
    worker.turn();
    worker.turn();
    worker.loop.drain();
    cluster.add(embeddings("later", "x"));
    assertThat(worker.loop.drained()).isFalse();
    worker.run();
    assertThat(worker.loop.drained()).isTrue();
    assertThat(withStatus(Status.OK)).hasSize(30);
    assertThat(cluster.registry.list().get(0).state()).isEqualTo(WorkerState.DRAINING);
    worker.close();
    assertThat(cluster.topics.committed(new Slot(Cluster.WORK, 0))).isEqualTo(30);
    assertThat(cluster.registry.list()).isEmpty();
    assertThat(worker.runner.closed).isTrue();
  }

  @Test
  void heartbeat_tells_what_the_router_needs() {
    worker.started();
    addMany(40);
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
