package dev.headrace.embedded.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class VariablesTest {
  /** Read by the launcher, not by the program: no setting, so not in the list of settings. */
  private static final Path LAUNCHER = Path.of("cli/src/main/dist/headrace");

  // HOOK for the known settings: this generated page lists each one with its variable. While it is
  // not there (before the modules are merged) the check is skipped; with it, it holds.
  private static final Path SETTINGS = Path.of("docs/configuration.md");

  @Test
  void every_variable_is_a_setting_or_the_launcher_s() {
    Path settings = Repository.top().resolve(SETTINGS);
    assumeTrue(Files.exists(settings), "no " + SETTINGS + " yet (expected: made by the build)");

    Set<String> known = new TreeSet<>(Repository.variablesIn(Repository.read(settings)));
    known.addAll(Repository.variablesIn(Repository.read(Repository.top().resolve(LAUNCHER))));

    for (Path file : Repository.dockerFiles()) {
      assertThat(known)
          .as(file.toString())
          .containsAll(Repository.variablesIn(Repository.read(file)));
    }
  }

  @Test
  void variables_are_found_in_the_files() {
    Set<String> named = new TreeSet<>();
    Repository.dockerFiles().forEach(f -> named.addAll(Repository.variablesIn(Repository.read(f))));

    assertThat(named)
        .contains(
            "HEADRACE_KAFKA_BOOTSTRAP_SERVERS",
            "HEADRACE_REDIS_URI",
            "HEADRACE_HTTP_PORT",
            "HEADRACE_JAVA_OPTS",
            "HEADRACE_WORKER_DEVICE_TYPE");
  }
}
