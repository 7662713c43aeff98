package dev.headrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However the JVM ends, no redis-server and no file stays. */
class EmbeddedServersExitIT {
  @TempDir Path temporary;

  @Test
  void sigterm_leaves_no_process_and_no_file() throws Exception {
    Child child = startChild(true);

    child.jvm.destroy();

    assertThat(child.jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(child.jvm.exitValue()).isEqualTo(128 + 15);
    // The hook has closed both before the JVM's end.
    assertThat(ProcessHandle.of(child.redisPid)).isEmpty();
    assertThat(serverFolders()).isEmpty();
  }

  @Test
  void sigterm_without_the_hook_leaves_no_process_and_no_file() throws Exception {
    Child child = startChild(false);

    child.jvm.destroy();

    assertThat(child.jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
    awaitNothingLeft(child);
  }

  @Test
  void sigkill_leaves_no_process_and_no_file() throws Exception {
    Child child = startChild(true);

    child.jvm.destroyForcibly();

    assertThat(child.jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
    awaitNothingLeft(child);
  }

  @Test
  void interrupt_from_a_terminal_does_not_reach_redis() throws Exception {
    Child child = startChild(true);

    // A terminal's Ctrl-C goes to the process group of the program in front.
    assertThat(processGroupOf(child.redisPid)).isNotEqualTo(processGroupOf(child.jvm.pid()));
    child.jvm.destroy();

    assertThat(child.jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
    awaitNothingLeft(child);
  }

  /** The fifth field of Linux' /proc/PID/stat; the second ends with the last bracket. */
  private static String processGroupOf(long pid) throws IOException {
    Path stat = Path.of("/proc", Long.toString(pid), "stat");
    assumeTrue(Files.isReadable(stat), "no " + stat + " (expected: Linux)");
    String line = Files.readString(stat);
    return line.substring(line.lastIndexOf(')') + 2).split(" ")[2];
  }

  private void awaitNothingLeft(Child child) {
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              assertThat(ProcessHandle.of(child.redisPid)).isEmpty();
              assertThat(serverFolders()).isEmpty();
            });
  }

  private List<Path> serverFolders() {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(f -> f.getFileName().toString().startsWith("headrace-")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Child startChild(boolean hook) throws IOException {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Djava.io.tmpdir=" + temporary,
                ServersProgram.class.getName(),
                Boolean.toString(hook))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String line = jvm.inputReader(StandardCharsets.UTF_8).readLine();
    assertThat(line).startsWith("redis-pid ");
    long redisPid = Long.parseLong(line.substring("redis-pid ".length()));
    assertThat(ProcessHandle.of(redisPid)).isPresent();
    assertThat(serverFolders()).hasSize(2);
    return new Child(jvm, redisPid);
  }

  private record Child(Process jvm, long redisPid) {}
}
