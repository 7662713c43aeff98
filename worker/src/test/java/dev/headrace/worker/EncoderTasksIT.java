package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.FillMaskResponse;
import dev.headrace.protocol.body.RerankResponse;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.hf.ReferenceModel.Case;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A worker with a model for each task, on a real Kafka and a real Redis. */
class EncoderTasksIT {
  private static final String CLASSIFIER = "bert-classification";
  private static final String RERANKER = "bert-rerank";

  @TempDir static Path models;
  private static Stage stage;
  private static ReferenceModel bert;

  @BeforeAll
  static void start() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(120));
    bert = ReferenceModel.named("bert");
    List<String> names = new ArrayList<>();
    for (String folder : List.of("classification", "rerank", "token-classification", "base")) {
      names.add(String.valueOf(bert.assemble(folder, models).getFileName()));
    }
    stage = Stage.withServers();
    stage.settings().put("worker.models.folder", models.toString());
    stage.settings().put("worker.models", String.join(",", names));
    stage.settings().put("worker.threads", "1");
    WorkerProcess worker = stage.worker("w1");
    await().until(() -> worker.app().health().ready());
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  private static Outcome outcome(String id, Task task, String model, byte[] body)
      throws InterruptedException {
    Requests request = Requests.request(id).task(task).model(model).body(body);
    stage.submit(List.of(request.time(Instant.now()).record()));
    await().until(() -> stage.outcome(id) != null);
    Outcome outcome = stage.outcome(id);
    assertThat(outcome).isNotNull();
    return outcome;
  }

  /**
   * The text classification of the material behind the project: BERT with a head, one class a text.
   */
  @Test
  void each_text_gets_the_class_that_transformers_predicts() throws Exception {
    Case expected = bert.cases("classification").get(0);
    List<String> texts = new ArrayList<>();
    List<String> classes = new ArrayList<>();
    for (int i = 0; i < expected.size() && !expected.input(i).has("pair"); i++) {
      texts.add(expected.input(i).get("text").textValue());
      classes.add(expected.expected(i).get("label").textValue());
    }
    assertThat(classes).hasSizeGreaterThan(2);
    byte[] body = new ClassificationsRequest(CLASSIFIER, texts, List.of()).encode();
    Outcome outcome = outcome("class", Task.CLASSIFICATIONS, CLASSIFIER, body);
    assertThat(ClassificationsResponse.parse(outcome.body()).results())
        .extracting(ClassificationsResponse.Result::label)
        .isEqualTo(classes);
  }

  @Test
  void only_the_best_documents_are_named() throws Exception {
    Case expected = bert.cases("rerank").get(0);
    List<Integer> best = new ArrayList<>();
    for (JsonNode index : expected.json().get("ranking")) {
      best.add(index.intValue());
    }
    StringBuilder documents = new StringBuilder();
    for (int i = 0; i < expected.size(); i++) {
      String text = expected.input(i).get("pair").textValue();
      documents.append(i == 0 ? "" : ",").append("{\"text\":\"").append(text).append("\"}");
    }
    // An empty document is refused; this one is like it for the tokenizer.
    String body =
        "{\"model\":\"%s\",\"query\":\"%s\",\"documents\":[%s],\"top_n\":2}"
            .formatted(
                RERANKER,
                expected.input(0).get("text").textValue(),
                documents.toString().replace("\"text\":\"\"", "\"text\":\" \""));
    Outcome outcome = outcome("rank", Task.RERANK, RERANKER, body.getBytes(StandardCharsets.UTF_8));
    assertThat(outcome.status()).isEqualTo(Status.OK);
    assertThat(RerankResponse.parse(outcome.body()).results())
        .extracting(RerankResponse.Result::index)
        .isEqualTo(best.subList(0, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          rerank | bert-rerank | {"model":"bert-rerank","query":"q","documents":[]} | invalid_body | documents: empty array (expected: at least one document)
          rerank | bert-rerank | {"model":"bert-rerank","query":"q","documents":"d"} | invalid_body | documents: a string (expected: an array)
          rerank | bert-rerank | {"model":"other","query":"q","documents":["d"]} | invalid_body | model: other (expected: bert-rerank as in ce_model)
          rerank | bert-classification | {"model":"bert-classification","query":"q","documents":["d"]} | unknown_task | rerank
          token-classifications | bert-base | {"model":"bert-base","input":"x"} | unknown_task | token-classifications
          token-classifications | bert-token-classification | {"model":"bert-token-classification","input":[]} | invalid_body | input: empty array
          token-classifications | bert-token-classification | {"model":"bert-token-classification","input":"x","aggregation_strategy":"all"} | invalid_body | aggregation_strategy: all
          fill-mask | bert-base | {"model":"bert-base","input":["a [MASK]","nothing"]} | invalid_body | text 1 of 2: text: no mask (expected: [MASK] at least once)
          fill-mask | bert-base | {"model":"bert-base","input":"a [MASK]","top_k":1000} | invalid_body | top_k: 1000 (expected: 1..100)
          fill-mask | bert-rerank | {"model":"bert-rerank","input":"a [MASK]"} | unknown_task | fill-mask
          embeddings | bert-base | {"model":"bert-base","input":"a","prompt_name":"query"} | invalid_body | prompt_name: query (expected: none, bert-base has no prompts)
          embeddings | bert-rerank | {"model":"bert-rerank","input":"a"} | unknown_task | embeddings
          """)
  void wrong_request_ends_failed_with_code_and_reason(
      String task, String model, String body, String code, String message) throws Exception {
    String id = "bad-" + Integer.toHexString((task + model + body).hashCode());
    Outcome outcome =
        outcome(
            id, Task.ofWireName(task).orElseThrow(), model, body.getBytes(StandardCharsets.UTF_8));
    assertThat(outcome.status()).isEqualTo(Status.FAILED);
    assertThat(outcome.failure()).isNotNull();
    assertThat(outcome.failure().code()).isEqualTo(ErrorCode.ofWireId(code).orElseThrow());
    assertThat(outcome.failure().message()).contains(message);
  }

  @Test
  void too_much_is_told_from_wrong() throws Exception {
    String masks = "\"" + "[MASK] ".repeat(30).strip() + "\"";
    String texts = String.join(",", Collections.nCopies(35, masks));
    assertFails(
        Task.FILL_MASK,
        "bert-base",
        "\"input\":[" + texts + "]",
        ErrorCode.INPUT_TOO_LARGE,
        "input: 1050 masks (expected: at most 1024 in one request)");
    assertFails(
        Task.FILL_MASK,
        "bert-base",
        "\"input\":\"" + "word ".repeat(100) + "[MASK]\"",
        ErrorCode.INVALID_BODY,
        "a mask behind the first 40 tokens");
    String documents = String.join(",", Collections.nCopies(2049, "\"d\""));
    assertFails(
        Task.RERANK,
        RERANKER,
        "\"query\":\"q\",\"documents\":[" + documents + "]",
        ErrorCode.INPUT_TOO_LARGE,
        "documents: 2049 documents (expected: at most 2048)");
  }

  private static void assertFails(
      Task task, String model, String fields, ErrorCode code, String message) throws Exception {
    String body = "{\"model\":\"" + model + "\"," + fields + "}";
    Outcome outcome =
        outcome(
            "much-" + Integer.toHexString(body.hashCode()),
            task,
            model,
            body.getBytes(StandardCharsets.UTF_8));
    assertThat(outcome.failure()).isNotNull();
    assertThat(outcome.failure().code()).isEqualTo(code);
    assertThat(outcome.failure().message()).contains(message);
  }

  @Test
  void requests_for_several_tasks_of_one_model_share_batches_and_do_not_mix() throws Exception {
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String id = "mixed" + i;
      boolean fill = i % 2 == 0;
      String body =
          "{\"model\":\"bert-base\",\"input\":\"The [MASK] of the [MASK] %s\"}"
              .formatted("is free ".repeat(i % 5));
      ids.add(id);
      records.add(
          Requests.request(id)
              .task(fill ? Task.FILL_MASK : Task.EMBEDDINGS)
              .model("bert-base")
              .body(body.getBytes(StandardCharsets.UTF_8))
              .time(Instant.now())
              .record());
    }
    stage.submit(records);
    await().until(() -> stage.outcomes(ids).size() == ids.size());
    Map<String, Outcome> outcomes = stage.outcomes(ids);
    for (int i = 0; i < ids.size(); i++) {
      Outcome outcome = outcomes.get(ids.get(i));
      assertThat(outcome.status()).isEqualTo(Status.OK);
      if (i % 2 == 0) {
        assertThat(FillMaskResponse.parse(outcome.body()).results().get(0))
            .hasSize(2)
            .allSatisfy(mask -> assertThat(mask).hasSize(5));
      } else {
        assertThat(EmbeddingsResponse.parse(outcome.body()).vectors().get(0)).hasSize(32);
      }
    }
  }
}
