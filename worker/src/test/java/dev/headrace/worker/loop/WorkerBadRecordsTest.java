package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Records that cannot be run: each has its outcome, and the others go on. */
class WorkerBadRecordsTest {
  private final Cluster cluster = new Cluster();
  private final TestWorker worker =
      new TestWorker(cluster, "w1", new FakeRunner(WordModel.named("words")));

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
}
