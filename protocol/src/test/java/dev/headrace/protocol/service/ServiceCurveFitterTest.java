package dev.headrace.protocol.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceCurveFitterTest {
  private static final ServiceCurve TRUTH = new ServiceCurve(0.004, 20e-6, 15e-9, 0, 0);
  private static final ServiceCurve GUESS = new ServiceCurve(0.001, 1e-6, 1e-9, 0.5, 0);
  private static final int[] LENGTHS = {16, 32, 64, 128, 256, 512};

  private final Random random = new Random(20261123);
  private final ServiceCurveFitter fitter = new ServiceCurveFitter(GUESS);

  private static double truth(ServiceCurve curve, int rows, int length) {
    return curve.batchSeconds(rows, length);
  }

  private void feed(ServiceCurve truth, int batches, double noise, double outliers) {
    for (int i = 0; i < batches; i++) {
      int rows = 1 + random.nextInt(32);
      int length = LENGTHS[random.nextInt(LENGTHS.length)];
      double factor = Math.exp(noise * random.nextGaussian());
      if (random.nextDouble() < outliers) {
        factor *= 10;
      }
      fitter.add(rows, length, truth(truth, rows, length) * factor);
    }
  }

  private void assertPredicts(ServiceCurve truth, double percent) {
    for (int rows : new int[] {1, 4, 32}) {
      for (int length : LENGTHS) {
        assertThat(fitter.curve().batchSeconds(rows, length))
            .as("%s rows of %s tokens", rows, length)
            .isCloseTo(truth(truth, rows, length), Percentage.withPercentage(percent));
      }
    }
  }

  @Test
  void coefficients_are_recovered_from_exact_times() {
    feed(TRUTH, 300, 0, 0);
    ServiceCurve fit = fitter.curve();

    assertThat(fit.fixedSeconds()).isCloseTo(0.004, Percentage.withPercentage(1));
    assertThat(fit.secondsPerToken()).isCloseTo(20e-6, Percentage.withPercentage(1));
    assertThat(fit.secondsPerTokenSquared()).isCloseTo(15e-9, Percentage.withPercentage(1));
    assertThat(fit.relativeError()).isLessThan(0.01);
    assertThat(fit.samples()).isEqualTo(300);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void noise_of_ten_percent_costs_a_few_percent(long seed) {
    random.setSeed(seed);
    feed(TRUTH, 500, 0.1, 0);

    assertPredicts(TRUTH, 10);
    assertThat(fitter.curve().relativeError()).isCloseTo(0.08, within(0.04));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void every_twentieth_batch_ten_times_slower_hardly_matters(long seed) {
    random.setSeed(seed);
    feed(TRUTH, 1000, 0.05, 0.05);

    assertPredicts(TRUTH, 15);
  }

  @Test
  void outliers_at_the_very_beginning_are_overcome() {
    for (int i = 0; i < 3; i++) {
      fitter.add(8, 64, truth(TRUTH, 8, 64) * 100);
    }
    feed(TRUTH, 200, 0.02, 0);

    assertPredicts(TRUTH, 10);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.2, 0.5, 2, 5})
  void lasting_change_is_followed(double factor) {
    feed(TRUTH, 500, 0.02, 0);
    ServiceCurve changed = new ServiceCurve(0.004 * factor, 20e-6 * factor, 15e-9 * factor, 0, 0);
    feed(changed, 500, 0.02, 0);

    assertPredicts(changed, 10);
  }

  @Test
  void before_any_batch_the_guess_stands() {
    assertThat(fitter.curve()).isEqualTo(new ServiceCurve(0.001, 1e-6, 1e-9, 0.5, 0));
    fitter.add(0, 10, 1);
    fitter.add(1, 0, 1);
    fitter.add(1, 10, 0);
    fitter.add(1, 10, -1);
    fitter.add(1, 10, Double.NaN);
    fitter.add(1, 10, Double.POSITIVE_INFINITY);

    assertThat(fitter.curve().samples()).isZero();
  }

  @Test
  void first_batch_already_corrects_a_guess_that_is_far_off() {
    fitter.add(8, 128, 0.5);

    assertThat(fitter.curve().batchSeconds(8, 128)).isCloseTo(0.5, within(0.05));
  }

  @Test
  void batches_of_one_shape_are_predicted_and_others_stay_plausible() {
    for (int i = 0; i < 5000; i++) {
      fitter.add(16, 64, 0.1 * Math.exp(0.05 * random.nextGaussian()));
    }

    assertThat(fitter.curve().batchSeconds(16, 64)).isCloseTo(0.1, within(0.005));
    assertThat(fitter.curve().batchSeconds(32, 64)).isBetween(0.1, 0.21);
    assertThat(fitter.curve().batchSeconds(8, 64)).isBetween(0.04, 0.1);
    feed(TRUTH, 500, 0.02, 0);
    assertPredicts(TRUTH, 10);
  }

  @Test
  void device_without_attention_cost_gets_no_negative_one() {
    ServiceCurve linear = new ServiceCurve(0.002, 30e-6, 0, 0, 0);
    feed(linear, 1000, 0.1, 0.02);

    assertPredicts(linear, 15);
  }

  @Test
  void device_of_microseconds_is_fitted_as_well() {
    ServiceCurve fast = new ServiceCurve(80e-6, 0.1e-6, 0.02e-9, 0, 0);
    feed(fast, 500, 0.02, 0);

    assertPredicts(fast, 10);
  }

  @Test
  void guess_of_zeros_is_no_trap() {
    ServiceCurveFitter fromZero = new ServiceCurveFitter(new ServiceCurve(0, 0, 0, 0, 0));
    for (int i = 0; i < 200; i++) {
      int rows = 1 + random.nextInt(32);
      int length = LENGTHS[random.nextInt(LENGTHS.length)];
      fromZero.add(rows, length, truth(TRUTH, rows, length));
    }

    assertThat(fromZero.curve().batchSeconds(8, 128))
        .isCloseTo(truth(TRUTH, 8, 128), Percentage.withPercentage(3));
  }

  @Property(tries = 300)
  void whatever_comes_the_curve_stays_finite(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 300) int batches,
      @ForAll @DoubleRange(min = -8, max = 4) double magnitude) {
    Random r = new Random(seed);
    ServiceCurveFitter any = new ServiceCurveFitter(GUESS);
    for (int i = 0; i < batches; i++) {
      double seconds = Math.pow(10, magnitude + 3 * r.nextGaussian());
      any.add(1 + r.nextInt(2048), 1 + r.nextInt(100_000), seconds);
      ServiceCurve c = any.curve(); // the record itself refuses what is negative or not finite
      assertThat(c.batchSeconds(1, 1)).isFinite().isNotNegative();
      assertThat(c.relativeError()).isBetween(0.0, 1.0);
    }
  }
}
