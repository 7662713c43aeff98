package dev.headrace.router.loop;

import org.junit.jupiter.api.Test;

/**
 * Whatever happens around the loop and in whatever order: what is committed is safe, what is in
 * flight is bounded, and in the end everything has gone somewhere.
 */
class RouterLoopScheduleTest {
  private static final int SCHEDULES = 10;

  @Test
  void nothing_is_lost_whatever_happens_in_whatever_order() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + SCHEDULES; seed++) {
      try {
        new Schedule(seed).run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }
}
