package dev.headrace.embedded.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ComposeIT {
  private record Ended(int code, String output) {}

  @Test
  void compose_accepts_the_file() throws Exception {
    assumeTrue(isThere(), "skipped: no docker compose (expected: docker with the compose plugin)");

    Ended config =
        run(
            List.of(
                "docker",
                "compose",
                "-f",
                Repository.docker().resolve("compose.yaml").toString(),
                "--profile",
                "monitoring",
                "config",
                "--quiet"));

    assertThat(config.output()).isEmpty();
    assertThat(config.code()).isZero();
  }

  private static boolean isThere() throws InterruptedException {
    try {
      return run(List.of("docker", "compose", "version")).code() == 0;
    } catch (IOException e) {
      return false; // no docker at all
    }
  }

  private static Ended run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), output);
  }
}
