package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.embedded.EmbeddedServers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One process per role, with configuration files as in the README. */
class RolesIT {
  private static final JsonMapper MAPPER = new JsonMapper();

  /** How a JVM ends after SIGTERM when its hooks are done. */
  private static final int TERMINATED = 143;

  @TempDir Path temporary;
  @TempDir Path files;

  private Path config(String name, EmbeddedServers servers, String... more) throws Exception {
    List<String> lines =
        new java.util.ArrayList<>(
            List.of(
                "kafka.bootstrap-servers = " + servers.kafkaBootstrap(),
                "redis.uri               = " + servers.redisUri(),
                "http.port               = 0"));
    lines.addAll(List.of(more));
    return Files.write(files.resolve(name), lines);
  }

  @Test
  void router_and_worker_serve_as_processes_of_their_own_and_end_on_sigterm() throws Exception {
    Program program = new Program(temporary);
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start()) {
      Path router = config("router.properties", servers);
      Path worker =
          config(
              "worker.properties",
              servers,
              "worker.device-type      = cpu-int8",
              "worker.precision        = int8",
              "worker.usd-per-hour     = 0.05");
      Program.Started routing = program.start("router", "--config", router.toString());
      Program.Started working = program.start("worker", "--config", worker.toString());
      try {
        for (Program.Started role : List.of(routing, working)) {
          await()
              .atMost(Duration.ofMinutes(2))
              .until(() -> !role.process().isAlive() || role.errors().contains("http http"));
          assertThat(role.process().isAlive()).as(role.errors()).isTrue();
        }
        for (String text : List.of("water", "war")) {
          Program.Ended submitted =
              program.run(
                  120, "submit", "embed", "--config", router.toString(), "--text", text, "--json");
          assertThat(submitted.code()).as(submitted.err()).isZero();
          JsonNode outcome = MAPPER.readTree(submitted.lastLine());
          assertThat(outcome.path("status").asText()).isEqualTo("OK");
          assertThat(outcome.path("details").path("devicetype").asText()).isEqualTo("cpu-int8");
        }
      } finally {
        routing.process().destroy();
        working.process().destroy();
      }
      for (Program.Started role : List.of(routing, working)) {
        Program.Ended ended = role.await(90);
        assertThat(ended.code()).as(ended.err()).isEqualTo(TERMINATED);
        assertThat(ended.err()).doesNotContain("ERROR");
      }
    }
    assertThat(program.leftovers()).isEmpty();
  }
}
