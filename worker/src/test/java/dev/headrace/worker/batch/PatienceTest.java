package dev.headrace.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Patience patience = new Patience(Duration.ofMillis(250), Duration.ofSeconds(1));

  @Test
  void before_the_first_request_batches_are_short() {
    assertThat(patience.seconds(0)).isEqualTo(0.25);
  }

  @Test
  void batch_takes_a_twentieth_of_the_tightest_time_within_bounds() {
    patience.saw(600 * SECOND, 0);
    assertThat(patience.seconds(0)).isEqualTo(1.0);
    patience.saw(12 * SECOND, 0);
    patience.saw(60 * SECOND, 0);
    assertThat(patience.seconds(0)).isEqualTo(0.6);
    patience.saw(SECOND, 0);
    assertThat(patience.seconds(0)).isEqualTo(0.25);
  }

  @Test
  void a_request_in_a_hurry_is_remembered_for_half_a_minute_at_least_and_a_minute_at_most() {
    patience.saw(5 * SECOND, 0);
    patience.saw(600 * SECOND, 29 * SECOND);
    patience.saw(600 * SECOND, 59 * SECOND);
    assertThat(patience.seconds(59 * SECOND)).isEqualTo(0.25);
    assertThat(patience.seconds(60 * SECOND)).isEqualTo(1.0);
  }

  @Test
  void after_a_silence_nothing_is_known() {
    patience.saw(600 * SECOND, 0);
    assertThat(patience.seconds(3600 * SECOND)).isEqualTo(0.25);
  }

  @Test
  void longest_below_shortest_does_not_count() {
    Patience fixed = new Patience(Duration.ofSeconds(2), Duration.ofSeconds(1));
    fixed.saw(600 * SECOND, 0);
    assertThat(fixed.seconds(0)).isEqualTo(2.0);
  }
}
