package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.device.Pulse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StallWatchTest {
  private final Pulse pulse = new Pulse();
  private final StallWatch watch = new StallWatch(pulse, Duration.ofSeconds(100), 0);
  private long now;

  /** The loop comes round ten times a second. */
  private void pass(int seconds, double patience) {
    for (int i = 0; i < seconds * 10; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(100);
      watch.look(patience, now);
    }
  }

  @Test
  void device_that_does_not_come_back_is_stalled_after_a_quarter_and_then_stuck() {
    pulse.enter();
    pass(26, 1);
    assertThat(watch.stalled()).as("a second and 25 s").isFalse();
    pass(1, 1);
    assertThat(watch.stalled()).isTrue();
    pass(74, 1);
    assertThat(watch.stuck()).isFalse();
    pass(1, 1);
    assertThat(watch.stuck()).isTrue();
    assertThat(watch.seconds()).isBetween(101.0, 102.0);
  }

  @Test
  void long_batch_is_given_the_time_that_it_needs() {
    pulse.enter();
    pass(600, 600);
    assertThat(watch.stalled()).isFalse();
    pass(101, 600);
    assertThat(watch.stuck()).isTrue();
  }

  @Test
  void device_that_comes_back_between_two_looks_is_not_stalled() {
    for (int i = 0; i < 500; i++) {
      pulse.enter();
      pass(1, 0);
      pulse.leave();
      pulse.enter();
      assertThat(watch.stalled()).isFalse();
      pulse.leave();
    }
    pulse.enter();
    pass(30, 0);
    assertThat(watch.stalled()).isTrue();
    pulse.leave();
    pass(1, 0);
    assertThat(watch.stalled()).as("it came back").isFalse();
  }

  @Test
  void idle_device_is_never_stalled() {
    pass(1000, 0);
    assertThat(watch.stalled()).isFalse();
  }

  @Test
  void time_in_which_the_process_was_suspended_does_not_count() {
    pulse.enter();
    pass(5, 0);
    now += TimeUnit.HOURS.toNanos(3);
    pass(5, 0);
    assertThat(watch.stalled()).isFalse();
    assertThat(watch.seconds()).isBetween(10.0, 12.0);
  }

  @Test
  void nothing_is_watched_when_there_is_no_limit() {
    StallWatch none = new StallWatch(pulse, Duration.ZERO, 0);
    pulse.enter();
    for (int i = 0; i < 100_000; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      none.look(0, now);
    }
    assertThat(none.stalled()).isFalse();
    assertThat(none.stuck()).isFalse();
  }
}
