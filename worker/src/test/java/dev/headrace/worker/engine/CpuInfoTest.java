package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuInfoTest {
  @Test
  void name_and_relevant_features_are_read() {
    CpuInfo info =
        CpuInfo.parse(
            List.of(
                "processor\t: 0",
                "model name\t: AMD EPYC",
                "",
                "flags\t\t: fpu sse2 avx2 avx512f avx512_vnni ht"));
    assertThat(info.name()).isEqualTo("AMD EPYC");
    assertThat(info.features()).containsExactly("avx2", "avx512_vnni", "avx512f");
  }

  @Test
  void without_a_description_there_is_still_a_device() {
    ComputeDevice device = CpuInfo.parse(List.of()).device();
    assertThat(device.features()).isEmpty();
    assertThat(device.cores()).isPositive();
    assertThat(device.memoryBytes()).isPositive();
  }

  @Test
  void the_device_type_is_named_after_device_and_precision() {
    ComputeDevice device = CpuInfo.parse(List.of()).device();
    assertThat(device.typeName(Precision.FLOAT32)).isEqualTo("cpu-fp32");
    assertThat(device.typeName(Precision.INT8)).isEqualTo("cpu-int8");
  }
}
