package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An engine takes the cores that its process may use, not those that the machine has. */
class CpuAffinityIT {
  private static final Path TASKSET = Path.of("/usr/bin/taskset");

  /** Prints how many threads an engine gets that is told to take one a core. */
  public static final class Cores {
    private Cores() {}

    public static void main(String[] args) {
      System.out.println(DeviceInventory.cpu().cores());
    }
  }

  /** As a container's cpuset does: the kernel tells both by the same mask. */
  @Test
  void process_that_may_use_one_core_has_one() throws Exception {
    assumeTrue(Files.isExecutable(TASKSET), "no taskset");
    assertThat(cores(List.of(TASKSET.toString(), "-c", "0"), List.of())).isEqualTo("1");
  }

  /** The JVM reads the quota of its cgroup into the same number, rounded up. */
  @Test
  void number_that_the_jvm_was_given_counts() throws Exception {
    assertThat(cores(List.of(), List.of("-XX:ActiveProcessorCount=3"))).isEqualTo("3");
  }

  private static String cores(List<String> before, List<String> options) throws Exception {
    List<String> command = new ArrayList<>(before);
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(options);
    command.add(Cores.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).isZero();
      return output.strip();
    } finally {
      process.destroyForcibly();
    }
  }
}
