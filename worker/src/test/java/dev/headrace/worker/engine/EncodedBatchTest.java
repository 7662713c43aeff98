package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EncodedBatchTest {
  private final EncodedBatch batch =
      new EncodedBatch(new float[] {1, 2, Float.NaN, 4}, new int[] {0, 2, 4}, 2);

  @Test
  void rows_are_copied_out() {
    float[] row = batch.row(0);
    row[0] = 9;
    assertThat(batch.row(0)).containsExactly(1, 2);
  }

  @Test
  void bytes_are_little_endian_float32() {
    assertThat(batch.bytes(0)).containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0x40);
  }

  @Test
  void a_row_that_is_not_finite_is_told_apart() {
    assertThat(batch.isFinite(0)).isTrue();
    assertThat(batch.isFinite(1)).isFalse();
  }

  @Test
  void a_row_that_does_not_exist_is_named() {
    assertThatThrownBy(() -> batch.row(2)).hasMessage("row: 2 (expected: 0..1)");
  }
}
