package dev.headrace.protocol.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class GenerationFitterTest {
  private static final GenerationCurve GUESS =
      new GenerationCurve(5e-3, 1e-4, 1e-4, 1e-8, 0.5, 0, 0);

  /** 10 ms a step, 50 µs a prompt token, 0.2 ms a sequence, 20 ns a token of context. */
  private static final GenerationCurve TRUTH =
      new GenerationCurve(10e-3, 50e-6, 200e-6, 20e-9, 0.25, 0, 1);

  private final Random random = new Random(7);
  private final GenerationFitter fitter = new GenerationFitter(GUESS);

  private void steps(GenerationCurve truth, int count, double noise) {
    for (int i = 0; i < count; i++) {
      int sequences = 1 + random.nextInt(32);
      long context = sequences * (50L + random.nextInt(1000));
      long prompt = random.nextInt(4) == 0 ? 20 + random.nextInt(500) : 0;
      double seconds = truth.stepSeconds(prompt, sequences, context);
      fitter.addStep(prompt, sequences, context, seconds * (1 + noise * random.nextGaussian()));
    }
  }

  private void assertPredicts(GenerationCurve truth, double percent) {
    for (int sequences : new int[] {1, 8, 32}) {
      assertThat(fitter.curve().stepSeconds(100, sequences, 400L * sequences))
          .isCloseTo(
              truth.stepSeconds(100, sequences, 400L * sequences),
              Percentage.withPercentage(percent));
    }
  }

  @Test
  void steps_are_learned_with_noise_and_the_error_says_how_well() {
    steps(TRUTH, 500, 0.05);
    assertPredicts(TRUTH, 5);
    assertThat(fitter.curve().relativeError()).isBetween(0.01, 0.1);
    assertThat(fitter.curve().samples()).isEqualTo(500);
  }

  @Test
  void pauses_do_not_count_as_what_they_took() {
    for (int i = 0; i < 50; i++) {
      steps(TRUTH, 19, 0.02);
      fitter.addStep(0, 8, 3200, 2.0); // a hundred times too long
    }
    assertPredicts(TRUTH, 15);
  }

  @Test
  void device_that_becomes_twice_as_slow_is_followed() {
    steps(TRUTH, 300, 0.02);
    GenerationCurve slower = new GenerationCurve(20e-3, 100e-6, 400e-6, 40e-9, 0.25, 0, 1);
    steps(slower, 300, 0.02);
    assertPredicts(slower, 10);
  }

  @Test
  void output_length_is_learned_and_adds_to_the_error() {
    steps(TRUTH, 100, 0);
    double before = fitter.curve().relativeError();
    for (int i = 0; i < 200; i++) {
      fitter.addText(400, 50 + random.nextInt(100)); // a quarter on average
    }
    assertThat(fitter.curve().expectedTokens(400)).isCloseTo(100, within(15.0));
    assertThat(fitter.curve().relativeError()).isGreaterThan(before + 0.05);
    fitter.addText(0, 5);
    fitter.addText(10, -1);
    assertThat(fitter.curve().outputShare()).isBetween(0.0, 1.0);
  }

  @Test
  void garbage_is_left_out() {
    steps(TRUTH, 100, 0);
    GenerationCurve before = fitter.curve();
    fitter.addStep(0, 0, 0, 1);
    fitter.addStep(-1, 1, 1, 1);
    fitter.addStep(1, 1, 1, Double.NaN);
    fitter.addStep(1, 1, 1, 0);
    assertThat(fitter.curve()).isEqualTo(before);
  }

  @Test
  void request_takes_its_prompt_and_its_steps() {
    // 100 prompt tokens: 5 ms. 200 allowed, a quarter of it: 50 steps of 10 + 0.2 ms + 125 × 20 ns.
    assertThat(TRUTH.requestSeconds(1, 100, 200, 1))
        .isCloseTo(0.005 + 50 * (0.0102 + 125 * 20e-9), within(1e-9));
    // Ten side by side: steps are longer, and each pays a tenth of them.
    double step = 0.010 + 10 * 200e-6 + 10 * 125 * 20e-9;
    assertThat(TRUTH.requestSeconds(1, 100, 200, 10)).isCloseTo(0.005 + 50 * step, within(1e-9));
    assertThat(TRUTH.marginalSeconds(1, 100, 200, 10)).isCloseTo(0.005 + 5 * step, within(1e-9));
  }

  @Test
  void before_the_first_step_it_is_the_guess() {
    assertThat(fitter.curve()).isEqualTo(GUESS);
  }
}
