package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpIT {
  private static final JsonMapper MAPPER = new JsonMapper();

  @TempDir Path temporary;

  @Test
  void a_running_stack_serves_submit_result_and_cancel_and_stops_on_sigterm() throws Exception {
    Program program = new Program(temporary);
    Program.Started up = program.start("up", "--json");
    try {
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> !up.process().isAlive() || !Files.readAllLines(up.out()).isEmpty());
      assertThat(up.process().isAlive()).as(up.errors()).isTrue();
      JsonNode addresses = MAPPER.readTree(Files.readAllLines(up.out()).get(0));

      Program.Ended embedded = program.run(60, "submit", "embed", "--text", "water", "--json");
      assertThat(embedded.code()).as(embedded.err()).isZero();
      JsonNode outcome = MAPPER.readTree(embedded.lastLine());
      assertThat(outcome.path("status").asText()).isEqualTo("OK");
      assertThat(outcome.path("details").path("devicetype").asText()).startsWith("cpu-");
      assertThat(outcome.path("details").path("reason").asText()).isNotEmpty();

      Program.Ended classified =
          program.run(
              60,
              "submit",
              "classify",
              "--labels",
              "economy,war,health",
              "--text",
              "The army and the navy must be ready for battle.");
      assertThat(classified.code()).as(classified.err()).isZero();
      assertThat(classified.lastLine()).startsWith("war");

      String id = outcome.path("id").asText();
      Program.Ended found = program.run(60, "result", id, "--json");
      assertThat(MAPPER.readTree(found.lastLine()).path("id").asText()).isEqualTo(id);
      assertThat(program.run(60, "cancel", id).code()).as("cancelled too late").isEqualTo(1);

      Program.Ended unknown =
          program.run(60, "submit", "embed", "--model", "no-such-model", "--text", "x");
      assertThat(unknown.code()).isEqualTo(1);
      assertThat(unknown.lastLine()).contains("unknown_model").contains("no-such-model");

      String url = addresses.path("http").asText();
      assertThat(get(url + "/health")).contains("\"status\":\"UP\"").contains("\"reasons\":[]");
      assertThat(get(url + "/metrics")).contains("router").contains("worker");
    } finally {
      up.process().destroy();
      Program.Ended ended = up.await(90);
      assertThat(ended.err()).doesNotContain("ERROR");
    }
    assertThat(program.leftovers()).isEmpty();
  }

  private static String get(String url) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }
}
