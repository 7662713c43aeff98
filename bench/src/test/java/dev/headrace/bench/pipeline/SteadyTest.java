package dev.headrace.bench.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SteadyTest {
  private static final long MILLI = 1_000_000;

  /** Batches of so many answers, a millisecond apart, the batches half a second. */
  private static long[] batches(int count, int rows) {
    long[] at = new long[count * rows];
    for (int i = 0; i < at.length; i++) {
      at[i] = (i / rows) * 500L * MILLI + (i % rows) * MILLI;
    }
    return at;
  }

  @Test
  void rate_does_not_depend_on_where_in_a_batch_one_begins() {
    long[] at = batches(10, 40);
    for (int from = 80; from < 120; from += 13) {
      assertThat(Steady.perSecond(at, from, from + 200)).isCloseTo(80, within(1e-9));
    }
  }

  @Test
  void answers_that_come_one_by_one_are_batches_of_their_own() {
    assertThat(Steady.perSecond(batches(10, 1), 2, 8)).isCloseTo(2, within(1e-9));
  }

  @Test
  void window_within_one_batch_has_no_rate() {
    assertThatThrownBy(() -> Steady.perSecond(batches(2, 40), 3, 30))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("answers 3 to 30");
  }
}
