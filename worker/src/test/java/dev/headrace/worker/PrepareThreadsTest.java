package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrepareThreadsTest {
  @Test
  void beside_a_model_on_the_cpu_a_quarter_of_the_cores_and_at_most_eight() {
    assertThat(PrepareThreads.onCpu(1)).isEqualTo(1);
    assertThat(PrepareThreads.onCpu(16)).isEqualTo(4);
    assertThat(PrepareThreads.onCpu(128)).isEqualTo(8);
  }

  @Test
  void a_gpu_gets_three_of_four_cores() {
    assertThat(PrepareThreads.onGpu(2, 1, 1)).isEqualTo(1);
    assertThat(PrepareThreads.onGpu(16, 1, 1)).isEqualTo(12);
    assertThat(PrepareThreads.onGpu(128, 1, 1)).isEqualTo(16);
  }

  @Test
  void several_gpus_share_the_cores() {
    assertThat(PrepareThreads.onGpu(32, 2, 1)).isEqualTo(12);
    assertThat(PrepareThreads.onGpu(128, 8, 1)).isEqualTo(12);
    assertThat(PrepareThreads.onGpu(4, 8, 1)).isEqualTo(1);
    assertThat(PrepareThreads.onGpu(4, 0, 1)).isEqualTo(3);
  }

  @Test
  void a_group_has_the_shares_of_its_gpus() {
    assertThat(PrepareThreads.onGpu(32, 2, 2)).isEqualTo(24);
    assertThat(PrepareThreads.onGpu(128, 8, 2)).isEqualTo(24);
    assertThat(PrepareThreads.onGpu(256, 2, 2)).isEqualTo(32);
  }
}
