package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.engine.GpuDiagnosis;
import dev.headrace.worker.engine.GpuDiagnosis.Check;
import dev.headrace.worker.engine.GpuDiagnosis.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  private static final List<Check> CHECKS =
      List.of(
          new Check("hardware", Verdict.OK, "an NVIDIA GPU is in this machine", ""),
          new Check("driver", Verdict.FAILED, "driver 470.1, good for CUDA 11.4", "Install 525."));

  @Test
  void a_failed_check_comes_with_its_remedy() {
    assertThat(DoctorCommand.table(CHECKS))
        .contains("FAILED   driver         driver 470.1, good for CUDA 11.4")
        .contains("-> Install 525.");
  }

  @Test
  void json_names_every_check() throws Exception {
    assertThat(DoctorCommand.json(CHECKS))
        .isEqualTo(
            "{\"checks\":[{\"name\":\"hardware\",\"verdict\":\"ok\",\"finding\":\"an NVIDIA GPU is"
                + " in this machine\",\"remedy\":\"\"},{\"name\":\"driver\",\"verdict\":\"failed\","
                + "\"finding\":\"driver 470.1, good for CUDA 11.4\",\"remedy\":\"Install 525.\"}]}");
  }

  /** Where there is a GPU the checks say more; where there is none nothing fails. */
  @Test
  void the_checks_of_this_machine_start_with_its_hardware() {
    List<Check> checks = GpuDiagnosis.run();
    assertThat(checks.get(0).name()).isEqualTo("hardware");
    if (checks.get(0).verdict() == Verdict.NONE) {
      assertThat(checks).noneMatch(c -> c.verdict() == Verdict.FAILED);
      assertThat(checks.get(0).remedy()).contains("Models run on the CPU");
    }
  }
}
