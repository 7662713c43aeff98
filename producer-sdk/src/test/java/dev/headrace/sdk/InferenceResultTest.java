package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.VectorEncoding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InferenceResultTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Address ADDRESS = new Address("me", "id-1", true, null);

  private static InferenceResult ok(Map<String, String> details, byte[] body) {
    Outcome outcome =
        new Outcome(ADDRESS, Status.OK, null, NOW, "/w", details, body, TraceContext.NONE);
    return new InferenceResult(outcome, Duration.ofMillis(250));
  }

  @Test
  void vectors_come_in_the_order_of_the_texts() {
    byte[] body =
        new EmbeddingsResponse("m", List.of(new float[] {1, 2}, new float[] {3, 4}), 7)
            .encode(VectorEncoding.BASE64);

    List<float[]> vectors = ok(Map.of("task", "embeddings"), body).embeddings();

    assertThat(vectors).hasSize(2);
    assertThat(vectors.get(0)).containsExactly(1, 2);
    assertThat(vectors.get(1)).containsExactly(3, 4);
  }

  @Test
  void classes_come_with_their_scores_in_order() {
    ClassificationsResponse.Result result =
        new ClassificationsResponse.Result(
            "war",
            List.of(
                new ClassificationsResponse.Score("war", 0.75),
                new ClassificationsResponse.Score("peace", 0.25)));
    byte[] body = new ClassificationsResponse("m", List.of(result), 7).encode();

    Classification first = ok(Map.of("task", "classifications"), body).classifications().get(0);

    assertThat(first.label()).isEqualTo("war");
    assertThat(first.score()).isEqualTo(0.75);
    assertThat(first.scores().keySet()).containsExactly("war", "peace");
  }

  @Test
  void asking_for_the_result_of_another_task_is_a_mistake() {
    InferenceResult result = ok(Map.of("task", "classifications"), new byte[0]);

    assertThatThrownBy(result::embeddings)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("task of request id-1: classifications (expected: embeddings)");
  }

  @Test
  void failed_request_says_why_wherever_a_result_is_asked_for() {
    Failure failure = new Failure(ErrorCode.UNKNOWN_MODEL, "ce_model: x (expected: m)");
    InferenceResult result =
        new InferenceResult(Outcomes.failed(ADDRESS, failure, NOW, "/router"), null);

    assertThat(result.isOk()).isFalse();
    assertThat(result.errorCode()).contains(ErrorCode.UNKNOWN_MODEL);
    assertThat(result.errorMessage()).contains("ce_model: x (expected: m)");
    assertThat(result.bodyText()).contains("\"code\":\"unknown_model\"");
    assertThatThrownBy(result::embeddings)
        .isInstanceOfSatisfying(
            InferenceException.class,
            e -> {
              assertThat(e.requestId()).contains("id-1");
              assertThat(e.errorCode()).contains(ErrorCode.UNKNOWN_MODEL);
              assertThat(e.result()).isSameAs(result);
            })
        .hasMessage("request id-1 ended FAILED: unknown_model: ce_model: x (expected: m)");
  }

  @Test
  void cancelled_request_has_neither_result_nor_error() {
    InferenceResult result = new InferenceResult(Outcomes.cancelled(ADDRESS, NOW, "/me"), null);

    assertThat(result.errorCode()).isEmpty();
    assertThat(result.roundTrip()).isEmpty();
    assertThatThrownBy(result::orThrow).hasMessage("request id-1 ended CANCELLED");
  }

  @Test
  void what_is_known_about_the_run_is_typed() {
    InferenceResult result =
        ok(
            Map.ofEntries(
                Map.entry("model", "m"),
                Map.entry("tier", "premium"),
                Map.entry("devicetype", "cpu-int8"),
                Map.entry("reason", "cheapest_in_time"),
                Map.entry("cache", "coalesced"),
                Map.entry("attempt", "2"),
                Map.entry("queuems", "1.5"),
                Map.entry("servicems", "20"),
                Map.entry("usd", "0.00001"),
                Map.entry("tokens", "17"),
                Map.entry("submitted", "2026-11-23T09:59:58.500Z"),
                Map.entry("deadline", "2026-11-23T10:00:00Z")),
            new byte[0]);

    assertThat(result.model()).contains("m");
    assertThat(result.tier()).contains(Tier.PREMIUM);
    assertThat(result.deviceType()).contains("cpu-int8");
    assertThat(result.reason()).contains("cheapest_in_time");
    assertThat(result.cache()).isEqualTo(InferenceResult.Cache.COALESCED);
    assertThat(result.attempts()).isEqualTo(2);
    assertThat(result.queueTime()).contains(Duration.ofNanos(1_500_000));
    assertThat(result.serviceTime()).contains(Duration.ofMillis(20));
    assertThat(result.usd().orElseThrow()).isCloseTo(1e-5, within(1e-12));
    assertThat(result.tokens()).hasValue(17);
    assertThat(result.latency()).contains(Duration.ofMillis(1500));
    assertThat(result.inTime()).contains(true);
    assertThat(result.roundTrip()).contains(Duration.ofMillis(250));
  }

  @Test
  void details_that_are_missing_or_garbage_are_empty() {
    InferenceResult result =
        ok(Map.of("usd", "much", "submitted", "yesterday", "tier", "gold"), new byte[0]);

    assertThat(result.usd()).isEmpty();
    assertThat(result.latency()).isEmpty();
    assertThat(result.tier()).isEmpty();
    assertThat(result.queueTime()).isEmpty();
    assertThat(result.inTime()).isEmpty();
    assertThat(result.attempts()).isEqualTo(1);
    assertThat(result.cache()).isEqualTo(InferenceResult.Cache.MISS);
  }
}
