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
    assertThat(PrepareThreads.onGpu(2, 1)).isEqualTo(1);
    assertThat(PrepareThreads.onGpu(16, 1)).isEqualTo(12);
    assertThat(PrepareThreads.onGpu(128, 1)).isEqualTo(16);
  }

  @Test
  void several_gpus_share_the_cores() {
    assertThat(PrepareThreads.onGpu(32, 2)).isEqualTo(12);
    assertThat(PrepareThreads.onGpu(128, 8)).isEqualTo(12);
    assertThat(PrepareThreads.onGpu(4, 8)).isEqualTo(1);
    assertThat(PrepareThreads.onGpu(4, 0)).isEqualTo(3);
  }
}
