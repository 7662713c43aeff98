package dev.headrace.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.service.ServiceCurve;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BatcherTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final BatchConfig CONFIG =
      new BatchConfig(8, 1000, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofMillis(20));

  /** 2 ms a batch and 0.1 ms a token. */
  private static final ServiceCurve CURVE = new ServiceCurve(2e-3, 1e-4, 0, 0, 100);

  private final FixedOutlook outlook = new FixedOutlook(CURVE);
  private final Batcher batcher = new Batcher(CONFIG, outlook);

  static final class FixedOutlook implements Outlook {
    final ServiceCurve curve;
    long maxTokens = Long.MAX_VALUE;

    FixedOutlook(ServiceCurve curve) {
      this.curve = curve;
    }

    @Override
    public ServiceCurve curve(String model) {
      return curve;
    }

    @Override
    public double batchRows(String model) {
      return 4;
    }

    @Override
    public long maxTokens(String model) {
      return maxTokens;
    }
  }

  private static final Moment IDLE = new Moment(0, 0, 0);
  private static final Moment BUSY = new Moment(0, 1, 0.5);

  private void add(long owner, long urgency, int... lengths) {
    batcher.add(new Waiting(owner, "m", lengths, urgency, 100 * SECOND, false));
  }

  private static List<Integer> lengths(Batch batch) {
    return batch.rows().stream().map(RowRef::length).toList();
  }

  @Test
  void idle_device_gets_what_there_is_at_once() {
    add(1, 0, 10);
    assertThat(batcher.next(IDLE).rows()).containsExactly(new RowRef(1, 0, 10, 0));
    assertThat(batcher.next(IDLE)).isNull();
    assertThat(batcher.requests()).isZero();
  }

  @Test
  void rows_of_any_length_share_a_batch_where_nothing_is_padded() {
    batcher.unpadded(Set.of("m"));
    add(1, 0, 4);
    add(2, 1, 200);
    add(3, 2, 30);
    Batch batch = batcher.next(IDLE);
    assertThat(lengths(batch)).containsExactly(4, 30, 200);
    assertThat(batch.lengthCharged(false)).isEqualTo(78);
  }

  @Test
  void rows_are_kept_apart_by_length_where_they_are_padded() {
    add(1, 0, 4);
    add(2, 1, 200);
    assertThat(lengths(batcher.next(IDLE))).containsExactly(4);
  }

  @Test
  void batch_is_full_by_its_own_tokens_where_nothing_is_padded() {
    batcher.unpadded(Set.of("m"));
    add(1, 0, 100);
    add(2, 1, 400);
    add(3, 2, 450);
    add(4, 3, 500);
    Batch batch = batcher.next(IDLE); // padded, two of 500 would fill it
    assertThat(lengths(batch)).containsExactly(100, 400, 450);
  }

  @Test
  void busy_device_waits_for_a_full_batch() {
    for (int i = 0; i < 7; i++) {
      add(i, i, 10);
    }
    assertThat(batcher.next(BUSY)).isNull();
    add(7, 7, 10);
    assertThat(batcher.next(BUSY).rows()).hasSize(8);
  }

  @Test
  void device_that_is_about_to_be_idle_gets_a_batch_that_is_not_full() {
    add(1, 0, 10);
    assertThat(batcher.next(new Moment(0, 1, 0.021))).isNull();
    assertThat(batcher.next(new Moment(0, 1, 0.019))).isNotNull();
  }

  @Test
  void no_third_batch_waits_before_a_device_that_has_enough() {
    for (int i = 0; i < 8; i++) {
      add(i, i, 10);
    }
    assertThat(batcher.next(new Moment(0, 2, 0.5))).isNull();
  }

  @Test
  void tight_deadline_closes_a_batch_that_is_not_full() {
    batcher.add(new Waiting(1, "m", new int[] {10}, 0, SECOND, false));
    // 0.5 s before it, 3 ms of service, 20 ms of margin.
    long last = SECOND - TimeUnit.MILLISECONDS.toNanos(523);
    assertThat(batcher.next(new Moment(last - SECOND / 1000, 1, 0.5))).isNull();
    assertThat(batcher.next(new Moment(last + SECOND / 1000, 1, 0.5))).isNotNull();
  }

  @Test
  void curve_that_was_off_lately_closes_a_batch_earlier() {
    ServiceCurve unsure = new ServiceCurve(2e-3, 1e-4, 0, 0.2, 100);
    Batcher careful = new Batcher(CONFIG, new FixedOutlook(unsure));
    careful.add(new Waiting(1, "m", new int[] {10}, 0, SECOND, false));
    // As above, and a fifth of the 503 ms besides.
    long last = SECOND - TimeUnit.MICROSECONDS.toNanos(523_000 + 100_600);
    assertThat(careful.next(new Moment(last - SECOND / 1000, 1, 0.5))).isNull();
    assertThat(careful.next(new Moment(last + SECOND / 1000, 1, 0.5))).isNotNull();
  }

  @Test
  void batch_is_sorted_by_length_and_grows_towards_the_nearest_lengths() {
    add(1, 0, 50);
    for (int length : new int[] {300, 40, 52, 45, 61, 49}) {
      add(length, length, length);
    }
    Batch batch = batcher.next(IDLE);
    // 40 would be padded by more than its own batch costs (2.5 ms, 25 tokens): it just is not.
    assertThat(lengths(batch)).containsExactly(40, 45, 49, 50, 52);
    assertThat(batch.paddedLength()).isEqualTo(52);
    assertThat(lengths(batcher.next(IDLE))).containsExactly(61);
    assertThat(lengths(batcher.next(IDLE))).containsExactly(300);
  }

  @Test
  void batch_respects_the_token_budget_with_padding() {
    add(1, 0, 400, 400, 400);
    assertThat(lengths(batcher.next(IDLE))).containsExactly(400, 400);
    assertThat(lengths(batcher.next(IDLE))).containsExactly(400);
  }

  @Test
  void row_above_every_limit_still_runs_by_itself() {
    add(1, 0, 5000);
    add(2, 1, 5000);
    outlook.maxTokens = 1;
    assertThat(lengths(batcher.next(IDLE))).containsExactly(5000);
    assertThat(lengths(batcher.next(IDLE))).containsExactly(5000);
  }

  @Test
  void batch_respects_the_predicted_time() {
    Batcher small =
        new Batcher(
            new BatchConfig(
                100, 100_000, Duration.ofMillis(42), Duration.ofMillis(42), Duration.ZERO),
            outlook);
    small.add(new Waiting(1, "m", new int[] {100, 100, 100, 100, 100, 100}, 0, SECOND, false));
    assertThat(lengths(small.next(IDLE))).hasSize(4);
  }

  @Test
  void learned_memory_limit_counts() {
    outlook.maxTokens = 250;
    add(1, 0, 100, 100, 100);
    assertThat(lengths(batcher.next(IDLE))).hasSize(2);
  }

  @Test
  void most_urgent_request_leads_and_models_are_not_mixed() {
    batcher.add(new Waiting(1, "a", new int[] {10}, 5, 100 * SECOND, false));
    batcher.add(new Waiting(2, "b", new int[] {10}, 3, 100 * SECOND, false));
    batcher.add(new Waiting(3, "a", new int[] {10}, 4, 100 * SECOND, false));
    assertThat(batcher.next(IDLE).model()).isEqualTo("b");
    Batch second = batcher.next(IDLE);
    assertThat(second.model()).isEqualTo("a");
    assertThat(second.rows()).extracting(RowRef::owner).containsExactly(3L, 1L);
  }

  @Test
  void request_with_many_rows_is_spread_over_batches() {
    int[] lengths = new int[20];
    java.util.Arrays.fill(lengths, 10);
    add(1, 0, lengths);
    assertThat(batcher.next(IDLE).rows()).hasSize(8);
    assertThat(batcher.next(IDLE).rows()).hasSize(8);
    assertThat(batcher.requests()).isEqualTo(1);
    assertThat(batcher.next(IDLE).rows()).hasSize(4);
    assertThat(batcher.requests()).isZero();
  }

  @Test
  void suspect_waits_for_an_empty_device_and_is_alone() {
    add(1, 0, 10);
    batcher.add(new Waiting(2, "m", new int[] {10, 12}, 1, 100 * SECOND, true));
    add(3, 2, 10);
    assertThat(batcher.next(IDLE).rows()).extracting(RowRef::owner).containsExactly(1L, 3L);
    add(4, 3, 10);
    assertThat(batcher.next(BUSY)).isNull();
    Batch alone = batcher.next(IDLE);
    assertThat(alone.alone()).isTrue();
    assertThat(alone.rows()).extracting(RowRef::owner).containsOnly(2L);
    assertThat(batcher.next(IDLE).rows()).extracting(RowRef::owner).containsExactly(4L);
  }

  @Test
  void suspect_that_is_next_holds_others_back_until_the_device_is_empty() {
    batcher.add(new Waiting(2, "m", new int[] {10}, 1, 100 * SECOND, true));
    for (int i = 3; i < 20; i++) {
      add(i, i, 10);
    }
    assertThat(batcher.next(BUSY)).isNull();
    assertThat(batcher.next(IDLE).alone()).isTrue();
  }

  @Test
  void removed_request_does_not_come_back() {
    add(1, 0, 10, 20);
    add(2, 1, 10);
    assertThat(batcher.remove(1)).isTrue();
    assertThat(batcher.remove(1)).isFalse();
    assertThat(batcher.next(IDLE).rows()).extracting(RowRef::owner).containsExactly(2L);
    assertThat(batcher.rows()).isZero();
  }

  @Test
  void requests_past_their_deadline_are_taken_out() {
    batcher.add(new Waiting(1, "m", new int[] {10}, 0, 5, false));
    batcher.add(new Waiting(2, "m", new int[] {10}, 0, 6, true));
    batcher.add(new Waiting(3, "m", new int[] {10}, 0, 7, false));
    assertThat(batcher.expire(6)).containsExactly(1L, 2L);
    assertThat(batcher.next(IDLE).rows()).extracting(RowRef::owner).containsExactly(3L);
  }

  @Test
  void rows_that_are_to_run_again_join_those_that_still_wait() {
    int[] lengths = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
    Waiting request = new Waiting(1, "m", lengths, 0, SECOND, false);
    batcher.add(request);
    Batch first = batcher.next(IDLE);
    batcher.again(request, first.rows());
    assertThat(batcher.rows()).isEqualTo(10);
    Batch second = batcher.next(IDLE);
    batcher.next(IDLE);
    batcher.again(request, second.rows());
    assertThat(batcher.rows()).isEqualTo(8);
  }

  @Test
  void queued_seconds_follow_the_curve() {
    add(1, 0, 100, 100, 100, 100);
    batcher.add(new Waiting(2, "m", new int[] {50}, 1, SECOND, true));
    // One batch of four rows and 400 tokens, one of 50 tokens.
    assertThat(batcher.queuedSeconds()).isCloseTo(0.042 + 0.007, within());
    batcher.next(IDLE);
    batcher.next(IDLE);
    assertThat(batcher.queuedSeconds()).isZero();
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }
}
