package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KvPlanTest {
  private static final long GB = 1L << 30;

  @Test
  void bytes_that_were_asked_for_are_taken_whatever_is_free() {
    KvPlan plan = new KvPlan(3 * GB);
    assertThat(plan.fitted(GB)).isEqualTo(plan);
    assertThat(plan.leastBytes()).isEqualTo(3 * GB);
  }

  @Test
  void a_share_is_of_what_is_free_when_others_have_theirs() {
    KvPlan plan = new KvPlan(100 * GB, 0.5, 20 * GB);
    assertThat(plan.fitted(80 * GB)).isEqualTo(new KvPlan(30 * GB));
    assertThat(plan.leastBytes()).isEqualTo(KvPlan.LEAST_BYTES);
  }

  @Test
  void no_more_is_taken_than_texts_can_need() {
    assertThat(new KvPlan(GB, 0.9, 0).fitted(80 * GB)).isEqualTo(new KvPlan(GB));
  }

  @Test
  void with_nothing_free_a_little_is_tried() {
    KvPlan plan = new KvPlan(GB, 0.9, 20 * GB);
    assertThat(plan.fitted(10 * GB)).isEqualTo(new KvPlan(KvPlan.LEAST_BYTES));
  }

  @Test
  void a_share_is_a_share() {
    assertThatThrownBy(() -> new KvPlan(1, 1.5, 0)).hasMessage("kv share: 1.5 (expected: 0..1)");
  }
}
