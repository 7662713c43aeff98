package dev.headrace.worker.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TensorsTest {
  @Test
  void concatenation_reads_across_its_parts() throws IOException {
    Tensor joined =
        Tensors.concat(
            List.of(
                Tensors.of(new float[] {1, 2}, 1, 2),
                Tensors.of(new float[] {3, 4, 5, 6}, 2, 2),
                Tensors.of(new float[] {7, 8}, 1, 2)));
    float[] middle = new float[4];
    joined.readFloats(1, middle, 0, 4);
    assertThat(joined.shape()).containsExactly(4, 2);
    assertThat(middle).containsExactly(2, 3, 4, 5);
    assertThat(written(joined)).isEqualTo(written(Tensors.of(joined.toFloats(), 4, 2)));
  }

  @Test
  void concatenation_refuses_other_widths() {
    Tensor two = Tensors.of(new float[2], 1, 2);
    Tensor three = Tensors.of(new float[3], 1, 3);
    assertThatIllegalArgumentException().isThrownBy(() -> Tensors.concat(List.of(two, three)));
  }

  @Test
  void transposing_swaps_rows_and_columns() throws IOException {
    Tensor matrix = Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor transposed = Tensors.transposed(matrix);
    assertThat(transposed.shape()).containsExactly(3, 2);
    assertThat(transposed.toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
  }

  @Test
  void conversion_writes_the_narrow_type_in_pieces() throws IOException {
    float[] values = new float[Tensor.CHUNK + 3];
    values[Tensor.CHUNK + 2] = 1.5f;
    ByteBuffer bytes =
        ByteBuffer.wrap(
                written(Tensors.as(ElementType.BFLOAT16, Tensors.of(values, values.length))))
            .order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.remaining()).isEqualTo(values.length * 2);
    assertThat(bytes.getShort((Tensor.CHUNK + 2) * 2)).isEqualTo((short) 0x3fc0);
  }

  @Test
  void int8_keeps_every_weight_within_half_a_step_of_its_row() throws IOException {
    Random random = new Random(7);
    float[] values = new float[5 * 33];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * (1 + i / 33);
    }
    Int8Tensor quantised = Int8Tensor.perRow(Tensors.of(values, 5, 33));
    float[] scales = quantised.scales().toFloats();
    byte[] bytes = written(quantised);
    for (int i = 0; i < values.length; i++) {
      float scale = scales[i / 33];
      assertThat(bytes[i] * scale).isCloseTo(values[i], within(scale * 0.501f));
      assertThat((int) bytes[i]).isBetween(-127, 127);
    }
  }

  @Test
  void int8_takes_rows_of_zeros_and_refuses_what_is_not_finite() throws IOException {
    assertThat(written(Int8Tensor.perRow(Tensors.of(new float[4], 2, 2)))).containsOnly(0);
    Tensor broken = Tensors.of(new float[] {1, Float.NaN}, 1, 2);
    assertThatThrownBy(() -> Int8Tensor.perRow(broken))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("NaN");
  }

  @Test
  void values_must_fill_the_shape() {
    assertThatIllegalArgumentException().isThrownBy(() -> Tensors.of(new float[3], 2, 2));
  }

  private static byte[] written(Tensor tensor) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    tensor.writeTo(Channels.newChannel(out));
    return out.toByteArray();
  }
}
