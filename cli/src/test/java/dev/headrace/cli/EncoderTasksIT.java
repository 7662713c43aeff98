package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.sdk.Classification;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.MaskCandidate;
import dev.headrace.sdk.RankedDocument;
import dev.headrace.sdk.Request;
import dev.headrace.sdk.TextEntities;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.hf.ReferenceModel.Case;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every task of encoders from the client and the command line through router, worker and back, on a
 * real Kafka and Redis: the outcome is what transformers computes. Each once with a Hugging Face
 * folder and once with TorchScript that was traced of the same model.
 */
class EncoderTasksIT {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Offset<Double> CLOSE = within(1e-4);
  private static final SimpleMeterRegistry METRICS = new SimpleMeterRegistry();

  @TempDir static Path models;
  @TempDir static Path temporary;

  private static ReferenceModel bert;
  private static EmbeddedServers servers;
  private static RouterApp router;
  private static WorkerProcess worker;
  private static HeadraceClient client;

  @BeforeAll
  static void start() throws Exception {
    bert = ReferenceModel.named("bert");
    List<String> names = new ArrayList<>(ReadyFolders.write(bert, models));
    for (String folder :
        List.of("base", "embed", "classification", "rerank", "token-classification")) {
      names.add(String.valueOf(bert.assemble(folder, models).getFileName()));
    }
    servers = EmbeddedServers.builder().build().start();
    router = new RouterApp(RouterConfig.read(Settings.of(addresses())), METRICS);
    router.start();
    Map<String, String> settings = new HashMap<>(addresses());
    settings.put("worker.models.folder", models.toString());
    settings.put("worker.models", String.join(",", names));
    settings.put("worker.threads", "1");
    settings.put("worker.precision", "fp32");
    worker = WorkerProcess.plan(Settings.of(settings)).start(METRICS);
    await().atMost(Duration.ofMinutes(2)).until(() -> worker.app().health().ready());
    client =
        HeadraceClient.builder()
            .bootstrapServers(servers.kafkaBootstrap())
            .redisUri(servers.redisUri())
            .clientId("tasks")
            .build();
  }

  @AfterAll
  static void stop() {
    client.close();
    worker.close();
    router.close();
    servers.close();
  }

  private static Map<String, String> addresses() {
    return Map.of(
        "kafka.bootstrap-servers", servers.kafkaBootstrap(), "redis.uri", servers.redisUri());
  }

  private static InferenceResult get(Request request) throws Exception {
    InferenceResult result = client.submit(request).get(60, TimeUnit.SECONDS);
    assertThat(result.status()).as(result.toString()).isEqualTo(Status.OK);
    return result;
  }

  /** What {@code headrace submit} prints, run as a process. */
  private static Program.Ended submit(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("submit"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--kafka", servers.kafkaBootstrap(), "--redis", servers.redisUri()));
    Program.Ended ended = new Program(temporary).run(60, all.toArray(new String[0]));
    assertThat(ended.code()).as(ended.err()).isZero();
    return ended;
  }

  /** The response in what {@code headrace submit --json} prints. */
  private static JsonNode response(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--json");
    JsonNode outcome = JSON.readTree(submit(all.toArray(new String[0])).lastLine());
    assertThat(outcome.path("status").asText()).as(outcome.toString()).isEqualTo("OK");
    return outcome.path("response");
  }

  private static List<String> texts(Case expected, String key) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      texts.add(expected.input(i).path(key).asText());
    }
    return texts;
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-rerank", "ready-rerank"})
  void documents_come_back_in_the_order_of_the_reference(String model) throws Exception {
    Case expected = bert.cases("rerank").get(0);
    String query = expected.input(0).get("text").textValue();
    List<String> documents = texts(expected, "pair");
    // An empty document is refused.
    int empty = documents.indexOf("");
    documents.remove(empty);
    List<Integer> ranking = new ArrayList<>();
    expected.json().get("ranking").forEach(place -> ranking.add(place.intValue()));
    ranking.remove(Integer.valueOf(empty));
    assertThat(empty).as("the last, so that others keep their place").isEqualTo(documents.size());

    List<RankedDocument> ranked = get(Request.rerank(model, query, documents)).ranking();
    assertThat(ranked).extracting(RankedDocument::index).isEqualTo(ranking);
    for (RankedDocument document : ranked) {
      double score = expected.expected(document.index()).get("score").doubleValue();
      assertThat(document.score()).isCloseTo(score, CLOSE);
    }

    JsonNode results =
        response(
                "rerank",
                "--model",
                model,
                "--query",
                query,
                "--document",
                documents.get(0),
                "--document",
                documents.get(3))
            .path("results");
    double first = expected.expected(0).get("score").doubleValue();
    double second = expected.expected(3).get("score").doubleValue();
    assertThat(results).hasSize(2);
    for (JsonNode result : results) {
      boolean isFirst = result.path("index").intValue() == 0;
      assertThat(result.path("relevance_score").doubleValue())
          .isCloseTo(isFirst ? first : second, CLOSE);
      assertThat(result.path("document").path("text").asText())
          .isEqualTo(documents.get(isFirst ? 0 : 3));
    }
    assertThat(results.get(0).path("index").intValue()).isEqualTo(first > second ? 0 : 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-token-classification", "ready-token-classifications"})
  void entities_are_those_of_the_reference(String model) throws Exception {
    Case expected = bert.cases("token-classification").get(0);
    List<String> texts = texts(expected, "text");
    List<TextEntities> found = get(Request.entities(model, texts)).entities();
    for (int i = 0; i < texts.size(); i++) {
      JsonNode entities = expected.expected(i).get("entities");
      assertThat(found.get(i).entities()).hasSameSizeAs(entities).isNotEmpty();
      for (int j = 0; j < entities.size(); j++) {
        TextEntities.Entity entity = found.get(i).entities().get(j);
        assertThat(entity.label()).isEqualTo(entities.get(j).get("entity_group").textValue());
        assertThat(entity.start()).isEqualTo(entities.get(j).get("start").intValue());
        assertThat(entity.end()).isEqualTo(entities.get(j).get("end").intValue());
        assertThat(entity.score()).isCloseTo(entities.get(j).get("score").doubleValue(), CLOSE);
        assertThat(entity.text())
            .isEqualTo(
                texts.get(i).substring(entity.startIn(texts.get(i)), entity.endIn(texts.get(i))));
      }
    }

    Program.Ended printed = submit("entities", "--model", model, "--text", texts.get(0));
    assertThat(printed.out()).hasSize(2);
    for (JsonNode entity : expected.expected(0).get("entities")) {
      assertThat(printed.lastLine())
          .contains(
              "%s %.3f \""
                  .formatted(
                      entity.get("entity_group").textValue(), entity.get("score").doubleValue()),
              " %d..%d".formatted(entity.get("start").intValue(), entity.get("end").intValue()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-base", "ready-fill-mask"})
  void masks_get_the_candidates_of_the_reference(String model) throws Exception {
    Case expected = bert.cases("fill-mask").get(0);
    List<String> texts = texts(expected, "text");
    int best = expected.json().get("top_k").intValue();
    List<List<List<MaskCandidate>>> found = get(Request.fillMask(model, texts).topK(best)).masks();
    for (int i = 0; i < texts.size(); i++) {
      JsonNode masks = expected.expected(i).get("masks");
      assertThat(found.get(i)).hasSameSizeAs(masks).isNotEmpty();
      for (int mask = 0; mask < masks.size(); mask++) {
        JsonNode candidates = masks.get(mask).get("candidates");
        for (int k = 0; k < best; k++) {
          MaskCandidate candidate = found.get(i).get(mask).get(k);
          assertThat(candidate.token()).isEqualTo(candidates.get(k).get("token").intValue());
          assertThat(candidate.text()).isEqualTo(candidates.get(k).get("token_str").textValue());
          assertThat(candidate.score())
              .isCloseTo(candidates.get(k).get("score").doubleValue(), CLOSE);
        }
      }
    }

    Program.Ended printed =
        submit("fill-mask", "--model", model, "--top", "2", "--text", texts.get(1));
    JsonNode masks = expected.expected(1).get("masks");
    for (int mask = 0; mask < masks.size(); mask++) {
      JsonNode first = masks.get(mask).get("candidates").get(0);
      assertThat(printed.out().get(1 + mask))
          .startsWith(
              "\"%s\" %.3f, \""
                  .formatted(first.get("token_str").textValue(), first.get("score").doubleValue()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-classification", "ready-classifications"})
  void texts_get_the_class_of_the_reference(String model) throws Exception {
    Case expected = bert.cases("classification").get(0);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < expected.size() && !expected.input(i).has("pair"); i++) {
      texts.add(expected.input(i).get("text").textValue());
    }
    List<Classification> found = get(Request.classifyTrained(model, texts)).classifications();
    assertThat(found).hasSameSizeAs(texts).hasSizeGreaterThan(2);
    for (int i = 0; i < texts.size(); i++) {
      double best = 0;
      for (JsonNode score : expected.expected(i).get("scores")) {
        best = Math.max(best, score.doubleValue());
      }
      assertThat(found.get(i).label()).isEqualTo(expected.expected(i).get("label").textValue());
      assertThat(found.get(i).score()).isCloseTo(best, CLOSE);
    }

    JsonNode result =
        response("classify", "--model", model, "--text", texts.get(1)).path("data").get(0);
    assertThat(result.path("label").asText())
        .isEqualTo(expected.expected(1).get("label").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-embed", "ready-embeddings"})
  void vectors_are_those_of_the_reference(String model) throws Exception {
    Case expected = bert.cases("embedding").get(0);
    List<String> texts = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      if (!expected.input(i).path("text").asText().isEmpty()) {
        texts.add(expected.input(i).get("text").textValue());
        rows.add(i);
      }
    }
    List<float[]> found = get(Request.embed(model, texts)).embeddings();
    assertThat(found).hasSameSizeAs(texts).isNotEmpty();
    for (int i = 0; i < texts.size(); i++) {
      assertThat(found.get(i))
          .containsExactly(expected.floats(rows.get(i), "values"), within(1e-4f));
    }
    Program.Ended printed = submit("embed", "--model", model, "--text", texts.get(0));
    float[] values = expected.floats(rows.get(0), "values");
    assertThat(printed.lastLine())
        .startsWith("[%.5f, %.5f".formatted(found.get(0)[0], found.get(0)[1]))
        .endsWith(values.length + " dimensions");
  }
}
