package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Memory stays flat while texts of mixed lengths come and go. Some thousands of steps in CI; {@code
 * -Dheadrace.memory.minutes=60} runs for an hour.
 */
class GenerationMemoryIT {
  private static final int WARM_UP = 4_000;
  private static final int STEPS = 6_000;

  /** A leak of the logits of a step, 12 rows of 64, would be 18 MB. */
  private static final long MOST_KIB = 2 << 10;

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "int8"})
  void memory_stays_flat_over_thousands_of_steps(String precision) throws Exception {
    int minutes = Integer.getInteger("headrace.memory.minutes", 0);
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xms64m",
            "-Xmx64m",
            "-XX:+AlwaysPreTouch",
            "-XX:TieredStopAtLevel=1", // C2 takes and gives back many MiB when it likes
            DecoderMemoryProbe.class.getName(),
            precision,
            Integer.toString(WARM_UP),
            Integer.toString(STEPS),
            Integer.toString(minutes));
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process probe = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      String output = new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(probe.waitFor()).as(output).isZero();
      String last = output.lines().reduce((a, b) -> b).orElseThrow();
      System.out.println("memory " + precision + ": " + last + " KiB");
      assertThat(Long.parseLong(last.replace("grown ", ""))).isLessThan(MOST_KIB);
    } finally {
      probe.destroyForcibly();
    }
  }
}
