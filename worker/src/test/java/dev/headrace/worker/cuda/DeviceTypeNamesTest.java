package dev.headrace.worker.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceTypeNamesTest {
  @ParameterizedTest
  @CsvSource({
    "NVIDIA H200, nvidia-h200",
    "NVIDIA H100 80GB HBM3, nvidia-h100-80gb-hbm3",
    "NVIDIA A100-SXM4-80GB, nvidia-a100-sxm4-80gb",
    "Tesla T4, nvidia-t4",
    "NVIDIA GeForce RTX 4090, nvidia-rtx-4090",
    "NVIDIA RTX 6000 Ada Generation, nvidia-rtx-6000-ada-generation",
    "'  ', nvidia-gpu"
  })
  void a_product_name_becomes_part_of_a_topic_name(String product, String type) {
    assertThat(DeviceTypeNames.of(product)).isEqualTo(type).matches("[a-z0-9.-]{1,64}");
  }

  @Test
  void a_slice_is_a_type_of_its_own() {
    Gpu slice =
        new Gpu(0, "NVIDIA H200", "MIG-1", "0000:65:00.0", "3g.71gb", 1, 60, 9, 0, List.of());
    assertThat(slice.typeName()).isEqualTo("nvidia-h200-mig-3g.71gb");
  }
}
