package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GpuDiagnosisTest {
  @Test
  void a_missing_driver_is_not_taken_for_a_build_without_the_profile() {
    assertThat(
            GpuDiagnosis.missing(
                "nvml: /c/libjnicudart.so: libcuda.so.1: cannot open shared object file",
                "libnvidia-ml.so.1",
                "install the driver"))
        .isEqualTo("install the driver");
    assertThat(
            GpuDiagnosis.missing(
                "nvml: no jnicudart in java.library.path", "libnvidia-ml.so.1", "driver"))
        .contains("-Pgpu");
  }
}
