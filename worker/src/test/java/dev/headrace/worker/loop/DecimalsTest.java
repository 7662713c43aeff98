package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class DecimalsTest {
  @Property
  void equals_big_decimal(
      @ForAll @LongRange(min = 0, max = 9_999_999) long unscaled,
      @ForAll @IntRange(min = -9, max = 20) int scale) {
    assertThat(Decimals.plain(unscaled, scale))
        .isEqualTo(BigDecimal.valueOf(unscaled, scale).stripTrailingZeros().toPlainString());
  }

  @Test
  void examples() {
    assertThat(Decimals.plain(123456, 3)).isEqualTo("123.456");
    assertThat(Decimals.plain(120000, 5)).isEqualTo("1.2");
    assertThat(Decimals.plain(120000, 8)).isEqualTo("0.0012");
    assertThat(Decimals.plain(12, -2)).isEqualTo("1200");
    assertThat(Decimals.plain(0, 4)).isEqualTo("0");
  }
}
