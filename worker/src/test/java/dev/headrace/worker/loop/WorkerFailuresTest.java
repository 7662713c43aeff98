package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** What the device fails at, and what becomes of work whose worker died. */
class WorkerFailuresTest {
  private final Cluster cluster = new Cluster();
  private final FakeRunner runner = new FakeRunner(WordModel.named("words"));
  private final TestWorker worker = new TestWorker(cluster, "w1", runner);

  @ParameterizedTest
  @org.junit.jupiter.params.provider.EnumSource(
      value = ErrorCode.class,
      names = {"INTERNAL_ERROR", "INVALID_BODY"})
  void one_bad_row_does_not_fail_its_batch(ErrorCode code) {
    worker.started();
    cluster.addMany(30);
    runner.failOn("word13", code);
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(29);
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
  void transient_error_is_retried_with_a_pause_and_excludes_nothing() {
    worker.started();
    cluster.addMany(3);
    runner.failOn("word1", ErrorCode.BROKER_UNAVAILABLE);
    worker.run();
    // All were in its batch: they share its fate, and are none the worse for it.
    assertThat(cluster.retries()).isNotEmpty();
    for (WireRecord retry : cluster.retries()) {
      Decoded decoded = RequestCodec.decode(retry, Tier.STANDARD, cluster.now());
      assertThat(((Decoded.Valid) decoded).request().attempts())
          .isEqualTo(new Attempts(2, List.of("type"), List.of()));
    }
    assertThat(cluster.withStatus(Status.OK).size() + cluster.retries().size()).isEqualTo(3);
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
    cluster.addMany(16);
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(16);
    runner.batches.clear();
    for (int i = 100; i < 116; i++) {
      cluster.add(embeddings("r" + i, "word" + i));
    }
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(32);
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
    cluster.addMany(5);
    runner.failOn("word2", ErrorCode.DEVICE_LOST);
    assertThatThrownBy(worker::run)
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("device_lost");
    FakeRunner healthy = new FakeRunner(WordModel.named("words"));
    worker.close();
    assertThat(cluster.registry.list()).isEmpty();
    TestWorker other = new TestWorker(cluster, "w2", healthy).started();
    other.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(5);
    assertThat(cluster.published()).hasSize(5);
  }

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
    cluster.addMany(3);
    TestWorker second = crash(worker, "w2").started();
    cluster.add(embeddings("new1", "a"), embeddings("new2", "b"));
    second.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(5);
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
    cluster.addMany(1);
    worker.run();
    cluster.advance(Duration.ofSeconds(20));
    assertThat(cluster.ledger.dead()).containsExactly("w1");
    worker.run();
    assertThat(cluster.ledger.dead()).isEmpty();
  }
}
