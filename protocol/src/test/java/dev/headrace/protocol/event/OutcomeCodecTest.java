package dev.headrace.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.TraceContext;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutcomeCodecTest {
  private static Outcome outcome(Map<String, String> details) {
    return new Outcome(
        new Address("app", "r1", true, null),
        Status.FAILED,
        new Failure(ErrorCode.POISON, "two crashes"),
        Instant.EPOCH,
        "/w",
        details,
        new byte[] {1, 2},
        TraceContext.NONE);
  }

  @Test
  void detail_cannot_take_the_place_of_an_attribute() {
    Outcome outcome =
        outcome(Map.of("id", "forged", "status", "OK", "traceparent", "t", "model", "m"));

    assertThat(OutcomeCodec.decode(OutcomeCodec.encode(outcome)).id()).isEqualTo("r1");
    assertThat(OutcomeCodec.fromStored(OutcomeCodec.toStored(outcome)))
        .isEqualTo(outcome(Map.of("model", "m")));
  }

  @Test
  void code_of_a_newer_version_is_an_internal_error_that_names_it() {
    WireRecord record =
        OutcomeCodec.encode(outcome(Map.of()))
            .with(List.of(WireHeader.of("ce_errorcode", "gremlins")));

    assertThat(OutcomeCodec.decode(record).failure())
        .isEqualTo(new Failure(ErrorCode.INTERNAL_ERROR, "gremlins: two crashes"));
  }

  @Test
  void half_surrogates_are_replaced() {
    Outcome outcome = outcome(Map.of("worker", "\ud83d!"));

    assertThat(OutcomeCodec.fromStored(OutcomeCodec.toStored(outcome)).detail("worker"))
        .isEqualTo("\ufffd!");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "{}", "\u0001", "\u0003", "\u0001\u0000", "\u0001\u00ff\u00ff"})
  void garbage_is_no_stored_outcome(String stored) {
    assertThatThrownBy(() -> OutcomeCodec.fromStored(stored.getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.MALFORMED_EVENT));
  }

  @Test
  void stored_outcome_that_is_cut_off_is_none() {
    byte[] stored = OutcomeCodec.toStored(outcome(Map.of("model", "m")));
    for (int length = 0; length < stored.length - 2; length++) {
      byte[] cut = Arrays.copyOf(stored, length);
      assertThatThrownBy(() -> OutcomeCodec.fromStored(cut)).isInstanceOf(FailureException.class);
    }
  }

  @Test
  void first_byte_says_whether_kafka_has_it() {
    byte[] stored = OutcomeCodec.toStored(outcome(Map.of()));
    byte[] published = stored.clone();
    published[0] = OutcomeCodec.PUBLISHED;

    assertThat(OutcomeCodec.isPublished(stored)).isFalse();
    assertThat(OutcomeCodec.isPublished(published)).isTrue();
    assertThat(OutcomeCodec.fromStored(published)).isEqualTo(outcome(Map.of()));
    assertThat(OutcomeCodec.sameOutcome(stored, published)).isTrue();
    published[published.length - 1]++;
    assertThat(OutcomeCodec.sameOutcome(stored, published)).isFalse();
  }
}
