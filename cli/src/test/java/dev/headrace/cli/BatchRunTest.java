package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.sdk.InvalidRequestException;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with lines; {@link GenerationIT} runs a whole file. */
class BatchRunTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private final List<Request> submitted = new ArrayList<>();

  private final Function<Request, PendingResult> refusing =
      request -> {
        submitted.add(request);
        throw new InvalidRequestException(ErrorCode.INVALID_BODY, "input: missing");
      };

  private BatchRun.Counts run(boolean resume, String... lines) throws Exception {
    Path input = folder.resolve("in.jsonl");
    Files.write(input, List.of(lines));
    try (BatchRun run =
        new BatchRun(refusing, folder.resolve("out"), folder.resolve("err"), resume, 4)) {
      return run.run(input, r -> r);
    }
  }

  private List<JsonNode> errors() throws IOException {
    List<JsonNode> errors = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("err"))) {
      if (!line.isBlank()) {
        errors.add(JSON.readTree(line));
      }
    }
    return errors;
  }

  private static String line(String id, String method, String url, String body) {
    return "{\"custom_id\":\"%s\",\"method\":\"%s\",\"url\":\"%s\",\"body\":%s}"
        .formatted(id, method, url, body);
  }

  @Test
  void each_wrong_line_is_an_error_of_its_own() throws Exception {
    BatchRun.Counts counts =
        run(
            false,
            "nonsense",
            "",
            "{\"method\":\"POST\"}",
            line("get", "GET", "/v1/embeddings", "{}"),
            line("url", "POST", "/v1/images", "{}"),
            line("body", "POST", "/v1/embeddings", "[]"),
            line("twice", "POST", "/v1/embeddings", "{}"),
            line("twice", "POST", "/v1/embeddings", "{}"));
    assertThat(counts.total()).isEqualTo(7);
    assertThat(counts.failed()).isEqualTo(7);
    assertThat(errors())
        .extracting(e -> e.path("error").path("message").asText())
        .satisfiesExactly(
            m -> assertThat(m).isEqualTo("line: bad JSON (expected: a JSON object)"),
            m -> assertThat(m).isEqualTo("custom_id: missing (expected: some text)"),
            m -> assertThat(m).isEqualTo("method: GET (expected: POST)"),
            m -> assertThat(m).startsWith("url: /v1/images (expected: one of /v1/embeddings"),
            m -> assertThat(m).isEqualTo("body: no object (expected: a JSON object)"),
            m -> assertThat(m).isEqualTo("input: missing"),
            m -> assertThat(m).contains("custom_id: twice for the second time"));
    assertThat(submitted).hasSize(1);
    assertThat(errors().get(2).path("custom_id").asText()).isEqualTo("get");
    assertThat(errors().get(2).path("error").path("code").asText()).isEqualTo("invalid_body");
  }

  @Test
  void resumed_run_skips_what_has_a_result_and_repeats_half_a_line() throws Exception {
    Files.writeString(
        folder.resolve("out"),
        "{\"custom_id\":\"a\",\"response\":{}}\n{\"custom_id\":\"b\",\"resp");
    BatchRun.Counts counts =
        run(
            true,
            line("a", "POST", "/v1/embeddings", "{}"),
            line("b", "POST", "/v1/embeddings", "{}"));
    assertThat(counts.skipped()).isEqualTo(1);
    assertThat(submitted).hasSize(1);
    assertThat(Files.readAllLines(folder.resolve("out")).get(0)).contains("\"a\"");
  }
}
