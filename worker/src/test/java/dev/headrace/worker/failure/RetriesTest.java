package dev.headrace.worker.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.worker.failure.RetryPolicy.Plan;
import dev.headrace.worker.testing.Requests;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Failure FAILURE = new Failure(ErrorCode.STORE_UNAVAILABLE, "away");

  private final RetryPolicy policy = new RetryPolicy(new RetryConfig(4), "cpu");

  private static InferenceRequest request(Attempts attempts, Duration slack) {
    return Requests.request("id").time(NOW).slack(slack).attempts(attempts).build();
  }

  private static Attempts attempt(int number) {
    Attempts attempts = Attempts.FIRST;
    while (attempts.number() < number) {
      attempts = attempts.next("gpu", false);
    }
    return attempts;
  }

  @Test
  void pause_grows_with_the_attempts() {
    List<Long> pauses = new java.util.ArrayList<>();
    for (int number = 1; number <= 3; number++) {
      Plan plan = policy.later(request(attempt(number), Duration.ofMinutes(1)), FAILURE, NOW);
      pauses.add(((Plan.Retry) plan).delay().toMillis());
    }
    assertThat(pauses).containsExactly(200L, 1000L, 5000L);
  }

  @Test
  void last_attempt_is_the_last() {
    Plan plan = policy.later(request(attempt(4), Duration.ofMinutes(1)), FAILURE, NOW);
    assertThat(((Plan.GiveUp) plan).failure())
        .isEqualTo(
            new Failure(
                ErrorCode.ATTEMPTS_EXHAUSTED, "4 attempts, the last: store_unavailable: away"));
  }

  @Test
  void pause_never_reaches_the_deadline() {
    Plan shorter = policy.later(request(attempt(3), Duration.ofSeconds(2)), FAILURE, NOW);
    assertThat(((Plan.Retry) shorter).delay()).isEqualTo(Duration.ofSeconds(1));
    assertThat(policy.later(request(attempt(3), Duration.ofMillis(200)), FAILURE, NOW))
        .isInstanceOf(Plan.Expire.class);
    assertThat(policy.elsewhere(request(attempt(1), Duration.ofMillis(100)), FAILURE, NOW))
        .isInstanceOf(Plan.Expire.class);
  }

  @Test
  void elsewhere_excludes_this_device_type_and_keeps_its_reason_at_the_end() {
    Plan plan = policy.elsewhere(request(attempt(2), Duration.ofMinutes(1)), FAILURE, NOW);
    assertThat(plan)
        .isEqualTo(
            new Plan.Retry(
                Duration.ofMillis(200), new Attempts(3, List.of("gpu", "cpu"), List.of("cpu"))));
    assertThat(policy.elsewhere(request(attempt(4), Duration.ofMinutes(1)), FAILURE, NOW))
        .isEqualTo(new Plan.GiveUp(FAILURE));
  }

  private final FailedRecords records = new FailedRecords("group", "cpu");

  private static Received received(WireRecord record) {
    return new Received(new Slot("work", 3), 42, 1_000, 1, record);
  }

  @Test
  void dead_letter_is_the_record_as_received_with_origin_and_reason() {
    InferenceRequest request = request(attempt(2), Duration.ofMinutes(1));
    WireRecord original = RequestCodec.encode(request);
    WireRecord letter = records.deadLetter(received(original), request, FAILURE);
    assertThat(letter.value()).isEqualTo(original.value());
    assertThat(letter.key()).isEqualTo(original.key());
    assertThat(letter.headers())
        .startsWith(original.headers().toArray(new dev.headrace.protocol.event.WireHeader[0]));
    assertThat(letter.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo("work");
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_OFFSET, -1)).isEqualTo(42);
    assertThat(letter.text(DeadLetter.ERROR_CODE)).isEqualTo("store_unavailable");
    assertThat(letter.text(DeadLetter.TRIED)).isEqualTo("gpu,cpu");
    assertThat(DeadLetter.number(letter, DeadLetter.RETRY_ATTEMPTS, -1)).isEqualTo(2);
  }

  @Test
  void dead_letter_of_packed_work_can_be_read_by_any_cloudevents_program() {
    InferenceRequest request = request(attempt(2), Duration.ofMinutes(1));
    WireRecord letter = records.deadLetter(received(WorkCodec.encode(request)), request, FAILURE);
    assertThat(letter)
        .isEqualTo(records.deadLetter(received(RequestCodec.encode(request)), request, FAILURE));
    assertThat(letter.text("ce_id")).isEqualTo(request.id());
  }

  @Test
  void retried_record_can_be_routed_again_and_keeps_its_first_origin() {
    InferenceRequest first = request(Attempts.FIRST, Duration.ofMinutes(1));
    InferenceRequest second = first.retried(Attempts.FIRST.next("cpu", true));
    WireRecord retry = records.retry(received(RequestCodec.encode(first)), second, FAILURE, 5_000);
    assertThat(RequestCodec.decode(retry, Tier.ECONOMY, NOW)).isEqualTo(new Decoded.Valid(second));
    assertThat(DeadLetter.number(retry, DeadLetter.RETRY_AT, -1)).isEqualTo(5_000);
    assertThat(DeadLetter.number(retry, DeadLetter.RETRY_ORIGINAL_TIMESTAMP, -1)).isEqualTo(1_000);

    Received later = new Received(new Slot("other", 0), 7, 9_000, 1, retry);
    WireRecord letter = records.deadLetter(later, second, FAILURE);
    assertThat(letter.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo("work");
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_PARTITION, -1)).isEqualTo(3);
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_OFFSET, -1)).isEqualTo(42);
    WireRecord third =
        records.retry(later, second.retried(second.attempts().next("cpu", false)), FAILURE, 0);
    assertThat(DeadLetter.number(third, DeadLetter.RETRY_ORIGINAL_TIMESTAMP, -1)).isEqualTo(1_000);
  }
}
