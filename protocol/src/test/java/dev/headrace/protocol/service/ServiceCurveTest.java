package dev.headrace.protocol.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ServiceCurveTest {
  private final ServiceCurve curve = new ServiceCurve(0.01, 1e-5, 1e-8, 0, 0);

  @Test
  void batch_costs_its_fixed_part_its_tokens_and_its_attention() {
    assertThat(curve.batchSeconds(4, 100)).isCloseTo(0.01 + 4e-3 + 4e-4, within(1e-12));
  }

  @Test
  void full_batch_of_equal_requests_costs_what_its_requests_add() {
    double marginal = curve.marginalSeconds(1, 100, 8);

    assertThat(8 * marginal).isCloseTo(curve.batchSeconds(8, 100), within(1e-12));
  }

  @Test
  void request_larger_than_a_usual_batch_pays_the_whole_fixed_part() {
    assertThat(curve.marginalSeconds(16, 1600, 8))
        .isCloseTo(curve.batchSeconds(16, 100), within(1e-12));
  }

  @Test
  void negative_and_infinite_coefficients_are_refused() {
    assertThatThrownBy(() -> new ServiceCurve(-1, 0, 0, 0, 0))
        .hasMessage("fixedSeconds: -1.0 (expected: finite, >= 0)");
    assertThatThrownBy(() -> new ServiceCurve(0, Double.NaN, 0, 0, 0))
        .hasMessageContaining("secondsPerToken");
    assertThatThrownBy(() -> new ServiceCurve(0, 0, Double.POSITIVE_INFINITY, 0, 0))
        .hasMessageContaining("secondsPerTokenSquared");
  }
}
