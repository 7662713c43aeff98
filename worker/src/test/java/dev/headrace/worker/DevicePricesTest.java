package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevicePricesTest {
  @TempDir Path folder;

  @Test
  void the_longest_names_stand_before_their_beginnings() {
    DevicePrices prices = DevicePrices.builtIn();
    assertThat(prices.of("nvidia-l40s").orElseThrow().usdPerHour()).isEqualTo(2.24208);
    assertThat(prices.of("nvidia-l4").orElseThrow().usdPerHour()).isEqualTo(0.8048);
    assertThat(prices.of("nvidia-a100-sxm4-40gb").orElseThrow().usdPerHour()).isEqualTo(1.99);
    assertThat(prices.of("nvidia-a100-sxm4-80gb").orElseThrow().usdPerHour()).isEqualTo(3.67);
    assertThat(prices.of("nvidia-a10g").orElseThrow().usdPerHour()).isEqualTo(1.01);
    assertThat(prices.of("nvidia-h100-80gb-hbm3").orElseThrow().source()).contains("2026-09-25");
  }

  @Test
  void an_unknown_type_has_no_price() {
    assertThat(DevicePrices.builtIn().of("cpu-int8")).isEmpty();
  }

  @Test
  void a_malformed_line_is_named() throws Exception {
    Path file = folder.resolve("prices.csv");
    Files.writeString(file, "# mine\nnvidia-h200,3.2,contract\nnvidia-h100,cheap,contract\n");
    assertThatThrownBy(() -> DevicePrices.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("prices.csv:3: nvidia-h100,cheap,contract")
        .hasMessageContaining("expected: prefix,usd_per_hour,source");
  }

  @Test
  void a_file_replaces_the_list() throws Exception {
    Path file = folder.resolve("prices.csv");
    Files.writeString(file, "nvidia-h200,3.2,contract of 2026\n");
    assertThat(DevicePrices.read(file).of("nvidia-h200").orElseThrow())
        .isEqualTo(new DevicePrices.Price("nvidia-h200", 3.2, "contract of 2026"));
  }
}
