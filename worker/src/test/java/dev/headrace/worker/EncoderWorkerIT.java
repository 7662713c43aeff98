package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.EncodedBatch;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The whole worker with a real model, a real Kafka and a real Redis. */
class EncoderWorkerIT {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final String[] WORDS =
      ("the of to and government states congress people united year public country great law power"
              + " war peace treaty nation treasury commerce revenue army navy land citizens")
          .split(" ");

  private static Stage stage;

  @BeforeAll
  static void start() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(120));
    stage = Stage.withServers();
    stage.settings().put("worker.models", MODEL);
    stage.settings().put("worker.threads", "1");
    WorkerProcess worker = stage.worker("w1");
    await().until(() -> worker.app().health().ready());
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int words = 1 + random.nextInt(random.nextInt(5) == 0 ? 300 : 40);
    for (int i = 0; i < words; i++) {
      text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
    }
    return text.toString().strip();
  }

  private static Requests embeddings(String id, VectorEncoding encoding, List<String> texts) {
    byte[] body = new EmbeddingsRequest(MODEL, texts, encoding, 0).encode();
    return Requests.request(id).model(MODEL).body(body).time(Instant.now());
  }

  private static Map<String, Outcome> run(List<String> ids, List<WireRecord> records)
      throws InterruptedException {
    stage.submit(records);
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(ids.size()));
    return stage.outcomes(ids);
  }

  @Test
  void embeddings_are_those_of_the_model_whatever_they_were_batched_with() throws Exception {
    Random random = new Random(5);
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    List<List<String>> texts = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      List<String> own = new ArrayList<>();
      for (int j = random.nextInt(3); j >= 0; j--) {
        own.add(text(random));
      }
      ids.add("e" + i);
      texts.add(own);
      VectorEncoding encoding = i % 2 == 0 ? VectorEncoding.BASE64 : VectorEncoding.FLOAT;
      records.add(embeddings("e" + i, encoding, own).record());
    }
    Map<String, Outcome> outcomes = run(ids, records);
    List<List<float[]>> expected = directly(texts);
    for (int i = 0; i < ids.size(); i++) {
      Outcome outcome = outcomes.get(ids.get(i));
      assertThat(outcome.status()).isEqualTo(Status.OK);
      assertThat(Double.parseDouble(outcome.detail(Detail.SERVICE_MS))).isPositive();
      EmbeddingsResponse response = EmbeddingsResponse.parse(outcome.body());
      for (int j = 0; j < texts.get(i).size(); j++) {
        assertThat(response.vectors().get(j))
            .containsExactly(expected.get(i).get(j), within(1e-5f));
      }
      assertThat(outcome.detail(Detail.TOKENS)).isEqualTo(Long.toString(response.promptTokens()));
    }
  }

  /** Each text by itself, on an engine of the test's own. */
  private static List<List<float[]>> directly(List<List<String>> texts) throws Exception {
    ModelDescription model = ModelCatalog.builtIn().find(MODEL).orElseThrow();
    List<List<float[]>> all = new ArrayList<>();
    try (TextTokenizer tokenizer = TextTokenizer.open(model);
        TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(model, Precision.FLOAT32)) {
      for (List<String> own : texts) {
        List<float[]> vectors = new ArrayList<>();
        for (String text : own) {
          TokenizedText tokens = tokenizer.tokenize(text);
          EncodedBatch batch = session.run(List.of(tokens));
          vectors.add(batch.row(0));
        }
        all.add(vectors);
      }
    }
    return all;
  }

  @Test
  void classification_picks_sensible_labels() throws Exception {
    List<Label> labels =
        List.of(
            new Label("war", "war, armies, navies and battles"),
            new Label("money", "money, taxes, debts and the treasury"),
            new Label("farming", "farms, crops, cattle and the weather"));
    Map<String, String> texts =
        Map.of(
            "Our fleet has sunk the enemy's ships and the troops have landed.", "war",
            "The soldiers marched through the night to relieve the fort.", "war",
            "The public debt was reduced by a surplus of customs revenue.", "money",
            "Interest on government bonds shall be paid in gold.", "money",
            "Drought destroyed the wheat harvest and the corn is poor.", "farming",
            "The settlers raise sheep and plant potatoes in the valley.", "farming");
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    List<String> wanted = new ArrayList<>();
    texts.forEach(
        (text, label) -> {
          String id = "c" + ids.size();
          ids.add(id);
          wanted.add(label);
          byte[] body = new ClassificationsRequest(MODEL, List.of(text), labels).encode();
          records.add(
              Requests.request(id)
                  .model(MODEL)
                  .task(Task.CLASSIFICATIONS)
                  .body(body)
                  .time(Instant.now())
                  .record());
        });
    Map<String, Outcome> outcomes = run(ids, records);
    for (int i = 0; i < ids.size(); i++) {
      ClassificationsResponse.Result result =
          ClassificationsResponse.parse(outcomes.get(ids.get(i)).body()).results().get(0);
      assertThat(result.label()).isEqualTo(wanted.get(i));
      assertThat(result.scores().get(0).score()).isGreaterThan(0.5);
      assertThat(result.scores().stream().mapToDouble(s -> s.score()).sum())
          .isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void odd_texts_get_an_outcome_and_the_worker_lives() throws Exception {
    List<String> texts =
        List.of(" ", "\u0000", "\ud83d\ude00", "x".repeat(900_000), "\n\n\t", "\u202e\ufeff");
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (String text : texts) {
      ids.add("o" + ids.size());
      records.add(
          embeddings(ids.get(ids.size() - 1), VectorEncoding.BASE64, List.of(text)).record());
    }
    ids.add("half");
    records.add(
        Requests.request("half")
            .model(MODEL)
            .body(
                ("{\"model\":\"" + MODEL + "\",\"input\":\"\\ud83d\"}")
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .time(Instant.now())
            .record());
    Map<String, Outcome> outcomes = run(ids, records);
    assertThat(outcomes.remove("half").status()).isEqualTo(Status.FAILED);
    assertThat(outcomes.values()).allMatch(o -> o.status() == Status.OK);
  }
}
