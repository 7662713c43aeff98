package dev.headrace.worker.generate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StepBudgetTest {
  private final StepBudget budget = new StepBudget(0.1, 4096);

  private void ran(int steps, int tokens, double seconds) {
    for (int i = 0; i < steps; i++) {
      budget.ran(tokens, seconds);
    }
  }

  @Test
  void it_follows_the_time_of_steps() {
    assertThat(budget.tokens()).isLessThan(128);
    ran(50, 100, 0.01);
    assertThat(budget.tokens()).isBetween(950, 1050);
    ran(50, 100, 10);
    assertThat(budget.tokens()).isEqualTo(16);
  }

  @Test
  void one_slow_step_costs_little_of_it() {
    ran(50, 100, 0.01);
    ran(1, 100, 60);
    assertThat(budget.tokens()).isGreaterThan(500);
  }

  @Test
  void small_steps_bring_it_back() {
    ran(1, 64, 10);
    assertThat(budget.tokens()).isEqualTo(16);
    ran(50, 16, 0.004);
    assertThat(budget.tokens()).isBetween(350, 400);
  }

  @Test
  void small_steps_do_not_take_it_away() {
    ran(50, 100, 0.01);
    ran(50, 1, 0.02);
    assertThat(budget.tokens()).isBetween(950, 1050);
  }

  @Test
  void small_steps_alone_say_nothing() {
    ran(10, 4, 8);
    assertThat(budget.tokens()).isEqualTo(64);
  }
}
