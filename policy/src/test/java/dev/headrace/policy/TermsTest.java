package dev.headrace.policy;

import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.Fleets;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a request may demand of its placement. */
class TermsTest {
  private final RoutingPolicy policy = new CheapestInTime(0);

  /** One lane that needs 1 s a request. */
  private final Fleet one = new Fleets().lane("lane", 1, 1, 1).build();

  private static InferenceRequest within(long millis, AdmissionMode mode) {
    return request("a").within(Duration.ofMillis(millis)).build().withTerms(new Terms(mode, null));
  }

  private Decision choose(InferenceRequest request, double sentSeconds) {
    return policy.choose(request, Snapshot.of(one, sentSeconds), START);
  }

  @Test
  void reject_is_told_at_once_when_nobody_can_be_in_time() {
    // 1.5 s ahead and 1 s of its own, for a deadline in 2 s.
    assertThat(choose(within(2000, AdmissionMode.REJECT), 1.5))
        .isEqualTo(new Decision.None(Obstacle.NONE_IN_TIME, 2.5));
    assertThat(choose(within(2600, AdmissionMode.REJECT), 1.5)).isInstanceOf(Decision.Place.class);
  }

  @Test
  void reject_tries_what_only_the_margin_makes_late() {
    Fleet unsure = new Fleets().lane(new Lane("l", "l", 1, 1, 2), Fleets.curve(1, 0.5)).build();
    // 1 s predicted, off by half: in time for 1.2 s perhaps.
    Decision decision =
        policy.choose(within(1200, AdmissionMode.REJECT), Snapshot.of(unsure, 0), START);
    assertThat(decision)
        .isInstanceOfSatisfying(
            Decision.Place.class, p -> assertThat(p.reason()).isEqualTo(Reason.NONE_IN_TIME));
  }

  @Test
  void late_and_best_effort_go_where_they_finish_first() {
    for (AdmissionMode mode : List.of(AdmissionMode.LATE, AdmissionMode.BEST_EFFORT)) {
      assertThat(choose(within(500, mode), 0))
          .isInstanceOfSatisfying(
              Decision.Place.class, p -> assertThat(p.reason()).isEqualTo(Reason.NONE_IN_TIME));
    }
  }

  @Test
  void request_that_may_be_late_does_not_end_at_its_deadline() {
    InferenceRequest late = within(1000, AdmissionMode.LATE);
    InferenceRequest plain = within(1000, AdmissionMode.BEST_EFFORT);
    assertThat(plain.expiredAt(START.plusSeconds(1))).isTrue();
    assertThat(late.expiredAt(START.plusSeconds(1))).isFalse();
    assertThat(late.expiredAt(START.plusSeconds(1).plus(InferenceRequest.LATEST))).isTrue();
  }

  /** int8 at 1 $/h, bf16 at 2, one that does not say at 0.5. */
  private static Snapshot precisions() {
    List<Lane> lanes =
        List.of(
            new Lane("bf16", "bf16", 2, 1, 2),
            new Lane("int8", "int8", 1, 1, 2),
            new Lane("unknown", "unknown", 0.5, 1, 2));
    List<Candidate> candidates =
        List.of(
            new Candidate(0, Fleets.curve(0.1, 0), 1, NumericPrecision.BF16, null),
            new Candidate(1, Fleets.curve(0.1, 0), 1, NumericPrecision.INT8, null),
            new Candidate(2, Fleets.curve(0.1, 0), 1));
    ServedModel model = new ServedModel("r", Map.of(Task.EMBEDDINGS, candidates));
    return Snapshot.of(new Fleet(lanes, Map.of("m", model)), 0, 0, 0);
  }

  private Decision atLeast(NumericPrecision least) {
    InferenceRequest request =
        request("a").build().withTerms(new Terms(AdmissionMode.BEST_EFFORT, least));
    return policy.choose(request, precisions(), START);
  }

  private static void assertPlaced(Decision decision, String lane, Reason reason) {
    assertThat(decision)
        .isInstanceOfSatisfying(
            Decision.Place.class,
            p -> {
              assertThat(p.target().name()).isEqualTo(lane);
              assertThat(p.reason()).isEqualTo(reason);
            });
  }

  @Test
  void least_precision_excludes_cheaper_lanes_and_the_reason_says_so() {
    assertPlaced(atLeast(null), "unknown", Reason.CHEAPEST_IN_TIME);
    assertPlaced(atLeast(NumericPrecision.INT8), "int8", Reason.PRECISION);
    assertPlaced(atLeast(NumericPrecision.FP16), "bf16", Reason.PRECISION);
    assertThat(atLeast(NumericPrecision.FP32))
        .isEqualTo(new Decision.None(Obstacle.NOT_PRECISE_ENOUGH));
  }
}
