package dev.headrace.worker.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.Aggregation;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.ClassificationsResponse.Result;
import dev.headrace.protocol.body.ClassificationsResponse.Score;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.protocol.body.FillMaskResponse;
import dev.headrace.protocol.body.FillMaskResponse.Candidate;
import dev.headrace.protocol.body.RerankRequest;
import dev.headrace.protocol.body.RerankResponse;
import dev.headrace.protocol.body.TokenClassificationsRequest;
import dev.headrace.protocol.body.TokenClassificationsResponse;
import dev.headrace.protocol.body.TokenClassificationsResponse.Entity;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.hf.ReferenceModel.Case;
import dev.headrace.worker.task.TaskReader;
import dev.headrace.worker.task.Work;
import dev.headrace.worker.testing.Requests;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder with a trained classifier, from the body of a request to its response. */
class FolderModelIT {
  @TempDir Path models;

  private Engine open(String name) throws Exception {
    return open(List.of(name));
  }

  private Engine open(List<String> names) throws Exception {
    EngineConfig config = new EngineConfig("cpu", names, models.toString(), Precision.FLOAT32, 1);
    return EncoderRunner.factory(config, new ModelCatalog(List.of()), System::nanoTime).open();
  }

  @ParameterizedTest
  @CsvSource({
    "bert,classification",
    "bert,multi-label",
    "roberta,classification",
    "distilbert,multi-label",
    "modernbert,classification-mean"
  })
  void texts_get_the_labels_and_scores_that_transformers_gives(String name, String folder)
      throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    Case expected =
        reference.cases("classification").stream()
            .filter(c -> c.folder().equals(folder))
            .findFirst()
            .orElseThrow();
    reference.assemble(folder, models);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < expected.size() && !expected.input(i).has("pair"); i++) {
      texts.add(expected.input(i).get("text").textValue());
    }
    assertThat(texts).hasSizeGreaterThan(2);
    try (Engine engine = open(name + "-" + folder)) {
      ServedModel model = engine.models().get(0);
      assertThat(model.tasks()).containsExactly(Task.CLASSIFICATIONS);
      List<Result> results = classify(engine, model, texts);
      for (int i = 0; i < texts.size(); i++) {
        check(results.get(i), expected.expected(i), model.trainedLabels().orElseThrow().names());
      }
    }
  }

  private static List<Result> classify(Engine engine, ServedModel model, List<String> texts) {
    byte[] body = new ClassificationsRequest(model.name(), texts, List.of()).encode();
    return ClassificationsResponse.parse(respond(engine, model, Task.CLASSIFICATIONS, body))
        .results();
  }

  private static byte[] respond(Engine engine, ServedModel model, Task task, byte[] body) {
    Work work =
        new TaskReader(BodyLimits.DEFAULT)
            .read(Requests.request("id").task(task).body(body).build(), body, model);
    Map<Integer, RowOutput> outputs = new TreeMap<>();
    engine.admit(new DeviceBatch(1, model, work.rows()));
    while (engine.busy()) {
      engine.step(into(outputs));
    }
    return work.response(List.copyOf(outputs.values()), List.of());
  }

  @ParameterizedTest
  @CsvSource({
    "bert,rerank",
    "bert,rerank-saved",
    "roberta,rerank",
    "xlm-roberta,rerank",
    "distilbert,rerank",
    "mpnet,rerank",
    "modernbert,rerank"
  })
  void documents_get_the_scores_and_order_that_sentence_transformers_gives(
      String name, String folder) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    Case expected =
        reference.cases("rerank").stream()
            .filter(c -> c.folder().equals(folder))
            .findFirst()
            .orElseThrow();
    reference.assemble(expected.folder(), models);
    String query = expected.input(0).get("text").textValue();
    List<String> documents = new ArrayList<>();
    List<Integer> usable = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      assertThat(expected.input(i).get("text").textValue()).isEqualTo(query);
      String document = expected.input(i).get("pair").textValue();
      if (!document.isEmpty()) {
        documents.add(document);
        usable.add(i);
      }
    }
    assertThat(documents).hasSizeGreaterThan(2);
    try (Engine engine = open(name + "-" + expected.folder())) {
      ServedModel model = engine.models().get(0);
      assertThat(model.tasks()).containsExactlyInAnyOrder(Task.RERANK, Task.CLASSIFICATIONS);
      byte[] body = new RerankRequest(model.name(), query, documents, 0, true).encode();
      List<RerankResponse.Result> results =
          RerankResponse.parse(respond(engine, model, Task.RERANK, body)).results();
      List<Integer> ranking = new ArrayList<>();
      for (RerankResponse.Result result : results) {
        int input = usable.get(result.index());
        ranking.add(input);
        assertThat(result.score())
            .as("document %d", input)
            .isCloseTo(expected.expected(input).get("score").doubleValue(), within(1e-4));
        assertThat(result.document()).isEqualTo(documents.get(result.index()));
      }
      List<Integer> best = new ArrayList<>();
      expected.json().get("ranking").forEach(i -> best.add(i.intValue()));
      best.retainAll(usable);
      assertThat(ranking).isEqualTo(best);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta", "xlm-roberta", "distilbert", "mpnet", "modernbert"})
  void texts_get_the_entities_that_transformers_finds(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    Case expected = reference.cases("token-classification").get(0);
    reference.assemble(expected.folder(), models);
    List<String> texts = texts(expected);
    try (Engine engine = open(name + "-" + expected.folder())) {
      ServedModel model = engine.models().get(0);
      assertThat(model.tasks()).containsExactly(Task.TOKEN_CLASSIFICATIONS);
      for (Aggregation aggregation : Aggregation.values()) {
        String key =
            aggregation == Aggregation.SIMPLE ? "entities" : "entities_" + aggregation.wireName();
        byte[] body = new TokenClassificationsRequest(model.name(), texts, aggregation).encode();
        byte[] response = respond(engine, model, Task.TOKEN_CLASSIFICATIONS, body);
        List<TokenClassificationsResponse.Result> results =
            TokenClassificationsResponse.parse(response).results();
        for (int i = 0; i < texts.size(); i++) {
          check(results.get(i).entities(), expected.expected(i).get(key), texts.get(i));
          assertThat(results.get(i).truncated()).isFalse();
        }
      }
    }
  }

  private static void check(List<Entity> found, JsonNode expected, String text) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      Entity entity = found.get(i);
      JsonNode other = expected.get(i);
      assertThat(entity.label()).isEqualTo(other.get("entity_group").textValue());
      assertThat(entity.start()).isEqualTo(other.get("start").intValue());
      assertThat(entity.end()).isEqualTo(other.get("end").intValue());
      assertThat(entity.score()).isCloseTo(other.get("score").doubleValue(), within(1e-4));
      int[] points = text.codePoints().toArray();
      assertThat(entity.text())
          .isEqualTo(new String(points, entity.start(), entity.end() - entity.start()));
    }
  }

  private static List<String> texts(Case expected) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      texts.add(expected.input(i).get("text").textValue());
    }
    return texts;
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta", "xlm-roberta", "distilbert", "mpnet", "modernbert"})
  void masks_get_the_tokens_that_transformers_gives(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    Case expected = reference.cases("fill-mask").get(0);
    reference.assemble(expected.folder(), models);
    List<String> texts = texts(expected);
    try (Engine engine = open(name + "-" + expected.folder())) {
      ServedModel model = engine.models().get(0);
      assertThat(model.tasks())
          .containsExactlyInAnyOrder(Task.EMBEDDINGS, Task.CLASSIFICATIONS, Task.FILL_MASK);
      int topK = expected.json().get("top_k").intValue();
      byte[] body = new FillMaskRequest(model.name(), texts, topK).encode();
      List<List<List<Candidate>>> results =
          FillMaskResponse.parse(respond(engine, model, Task.FILL_MASK, body)).results();
      for (int i = 0; i < texts.size(); i++) {
        JsonNode masks = expected.expected(i).get("masks");
        assertThat(results.get(i)).hasSameSizeAs(masks);
        for (int mask = 0; mask < masks.size(); mask++) {
          checkCandidates(results.get(i).get(mask), masks.get(mask).get("candidates"));
        }
      }
      // The same text's vector is not disturbed by its masks.
      byte[] embed = EmbeddingsRequest.of(model.name(), texts).encode();
      assertThat(EmbeddingsResponse.parse(respond(engine, model, Task.EMBEDDINGS, embed)).vectors())
          .allSatisfy(vector -> assertThat(vector).hasSize(model.dimension()));
    }
  }

  private static void checkCandidates(List<Candidate> found, JsonNode expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int k = 0; k < found.size(); k++) {
      JsonNode other = expected.get(k);
      assertThat(found.get(k).token()).isEqualTo(other.get("token").intValue());
      assertThat(found.get(k).text()).isEqualTo(other.get("token_str").textValue());
      assertThat(found.get(k).score()).isCloseTo(other.get("score").doubleValue(), within(1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"query", "document"})
  void texts_get_the_prompt_that_is_named(String prompt) throws Exception {
    ReferenceModel reference = ReferenceModel.named("xlm-roberta");
    Case expected =
        reference.cases("embedding").stream()
            .filter(c -> c.json().path("prompt_name").asText().equals(prompt))
            .findFirst()
            .orElseThrow();
    reference.assemble(expected.folder(), models);
    List<String> texts = texts(expected).subList(1, expected.size());
    try (Engine engine = open("xlm-roberta-" + expected.folder())) {
      ServedModel model = engine.models().get(0);
      byte[] body =
          new EmbeddingsRequest(model.name(), texts, VectorEncoding.FLOAT, 0, prompt).encode();
      List<float[]> vectors =
          EmbeddingsResponse.parse(respond(engine, model, Task.EMBEDDINGS, body)).vectors();
      for (int i = 0; i < texts.size(); i++) {
        assertThat(vectors.get(i)).containsExactly(expected.floats(i + 1, "values"), within(1e-4f));
      }
      byte[] wrong =
          new EmbeddingsRequest(model.name(), texts, VectorEncoding.FLOAT, 0, "summary").encode();
      assertThatThrownBy(() -> respond(engine, model, Task.EMBEDDINGS, wrong))
          .hasMessage("invalid_body: prompt_name: summary (expected: one of document, query)");
    }
  }

  private static Engine.Listener into(Map<Integer, RowOutput> outputs) {
    return new Engine.Listener() {
      @Override
      public void finished(long batch, List<FinishedRow> rows) {
        rows.forEach(row -> outputs.put(row.row(), row.output()));
      }

      @Override
      public void failed(long batch, Failure failure) {
        throw new AssertionError(failure.toString());
      }

      @Override
      public void measured(ServiceSample sample) {}
    };
  }

  private static void check(Result result, JsonNode expected, List<String> labels) {
    assertThat(result.label()).isEqualTo(expected.get("label").textValue());
    assertThat(result.scores()).hasSize(labels.size());
    for (Score score : result.scores()) {
      double value = expected.get("scores").get(labels.indexOf(score.label())).doubleValue();
      assertThat(score.score()).as(score.label()).isCloseTo(value, within(1e-4));
    }
  }

  @Test
  void folder_that_cannot_be_read_or_loaded_does_not_stop_the_others() throws Exception {
    ReferenceModel bert = ReferenceModel.named("bert");
    String good = String.valueOf(bert.assemble("base", models).getFileName());
    Path unreadable = Files.createDirectory(models.resolve("unreadable"));
    Files.writeString(unreadable.resolve("config.json"), "{");
    // Its small files are in order; a shard of its weights is missing.
    Path partial = bert.assemble("classification", models);
    Files.delete(partial.resolve("model-00002-of-00002.safetensors"));
    List<String> names = List.of("unreadable", good, String.valueOf(partial.getFileName()));
    try (Engine engine = open(names)) {
      assertThat(engine.models()).extracting(ServedModel::name).containsExactly(good);
      assertThat(engine.broken())
          .extracting(BrokenModel::name)
          .containsExactlyInAnyOrder("unreadable", String.valueOf(partial.getFileName()));
      assertThat(engine.broken())
          .allSatisfy(
              broken -> {
                assertThat(broken.failure().code()).isEqualTo(ErrorCode.MODEL_NOT_LOADED);
                assertThat(broken.failure().message()).contains(broken.name(), "expected: ");
              });
    }
    assertThatThrownBy(() -> open("unreadable"))
        .hasMessageContaining("config.json")
        .hasMessageContaining("(expected: at least one that can be served)");
  }

  @Test
  void model_without_a_folder_is_named() {
    assertThatThrownBy(() -> open("nowhere"))
        .hasMessageContaining("worker.models: nowhere (expected: some of []");
  }
}
