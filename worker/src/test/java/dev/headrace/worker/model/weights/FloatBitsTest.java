package dev.headrace.worker.model.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloatBitsTest {
  @Test
  void every_float16_survives_the_way_to_float32_and_back() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = FloatBits.float16ToFloat((short) bits);
      if (Float.isNaN(value)) {
        assertThat(FloatBits.float16ToFloat(FloatBits.floatToFloat16(value))).isNaN();
      } else {
        assertThat(FloatBits.floatToFloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void float16_has_the_values_of_the_standard() {
    assertThat(FloatBits.float16ToFloat((short) 0x3c00)).isEqualTo(1f);
    assertThat(FloatBits.float16ToFloat((short) 0x7bff)).isEqualTo(65504f);
    assertThat(FloatBits.float16ToFloat((short) 0x0001)).isEqualTo(0x1p-24f);
    assertThat(FloatBits.float16ToFloat((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void narrowing_rounds_to_the_nearest_and_ties_to_even() {
    assertThat(FloatBits.floatToFloat16(1 + 0x1p-11f)).isEqualTo((short) 0x3c00);
    assertThat(FloatBits.floatToFloat16(1 + 3 * 0x1p-11f)).isEqualTo((short) 0x3c02);
    assertThat(FloatBits.floatToFloat16(65519f)).isEqualTo((short) 0x7bff);
    assertThat(FloatBits.floatToFloat16(65520f)).isEqualTo((short) 0x7c00);
    assertThat(FloatBits.floatToFloat16(0x1p-25f)).isEqualTo((short) 0);
    assertThat(FloatBits.floatToFloat16(3 * 0x1p-25f)).isEqualTo((short) 2);
    assertThat(FloatBits.floatToBfloat16(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
    assertThat(FloatBits.floatToBfloat16(1 + 3 * 0x1p-8f)).isEqualTo((short) 0x3f82);
    assertThat(FloatBits.floatToBfloat16(-2f)).isEqualTo((short) 0xc000);
    assertThat(FloatBits.bfloat16ToFloat(FloatBits.floatToBfloat16(Float.NaN))).isNaN();
  }
}
