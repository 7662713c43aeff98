package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.generate.TinyDecoder;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Embeddings and generation from one worker, each with far more to do than fits: both get on. With
 * a real encoder and a tiny decoder, Kafka and Redis.
 */
class MixedLoadIT {
  private static final String ENCODER = "all-minilm-l6-v2";
  private static final int EACH = 3000;

  @TempDir private Path models;

  private Stage stage;

  @BeforeEach
  void start() throws Exception {
    TinyDecoder.write(models.resolve("tiny"));
  }

  private void begin(int partitions) {
    stage = Stage.withServers(partitions);
    stage.settings().put("worker.models", ENCODER + ", tiny");
    stage.settings().put("worker.models.folder", models.toString());
    stage.settings().put("worker.threads", "1");
    stage.settings().put("worker.generation.texts", "4");
    stage.settings().put("worker.generation.kv-memory", "4MiB");
    stage.settings().put("worker.drain-timeout", "1s");
  }

  @AfterEach
  void stop() {
    stage.close();
  }

  private static WireRecord text(int i) {
    CompletionRequest body =
        new CompletionRequest(
            "tiny",
            List.of(new CompletionRequest.Text("w" + i % 50 + " w1 w2 w3")),
            GenerationOptions.DEFAULT
                .with(new Sampling(1, 1, 0, 0, 0, 0, 1, (long) i, List.of(), List.of(), -1, true))
                .withMaxTokens(100));
    return Requests.request("t" + i)
        .model("tiny")
        .task(Task.COMPLETIONS)
        .body(body.encode())
        .time(Instant.now())
        .slack(Duration.ofHours(1))
        .record();
  }

  private static WireRecord embedding(int i, Random random) {
    StringBuilder text = new StringBuilder("number " + i);
    for (int words = random.nextInt(150); words > 0; words--) {
      text.append(" water");
    }
    EmbeddingsRequest body =
        new EmbeddingsRequest(ENCODER, List.of(text.toString()), VectorEncoding.BASE64, 0);
    return Requests.request("e" + i)
        .model(ENCODER)
        .body(body.encode())
        .time(Instant.now())
        .slack(Duration.ofHours(1))
        .record();
  }

  private static List<String> ids(String prefix) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      ids.add(prefix + i);
    }
    return ids;
  }

  /** How the records lie in Kafka: for each partition, in their order. */
  enum Order {
    /** As a router would fill partitions. */
    SHUFFLED,
    /** Each kind in a partition of its own: Kafka gives one of them first. */
    APART,
    /** All in one partition, thousands of one kind before the first of the other. */
    EMBEDDINGS_FIRST,
    TEXTS_FIRST;

    List<List<WireRecord>> partitions(Random random) {
      List<WireRecord> texts = new ArrayList<>();
      List<WireRecord> embeddings = new ArrayList<>();
      for (int i = 0; i < EACH; i++) {
        texts.add(text(i));
        embeddings.add(embedding(i, random));
      }
      List<WireRecord> all = new ArrayList<>(this == TEXTS_FIRST ? texts : embeddings);
      all.addAll(this == TEXTS_FIRST ? embeddings : texts);
      if (this == SHUFFLED) {
        Collections.shuffle(all, random);
      }
      return this == TEXTS_FIRST || this == EMBEDDINGS_FIRST
          ? List.of(all)
          : List.of(all.subList(0, EACH), all.subList(EACH, 2 * EACH));
    }
  }

  @ParameterizedTest
  @EnumSource(Order.class)
  void neither_starves_while_both_have_more_than_fits(Order order) throws Exception {
    List<List<WireRecord>> partitions = order.partitions(new Random(3));
    begin(partitions.size());
    for (int p = 0; p < partitions.size(); p++) {
      stage.submit(p, partitions.get(p));
    }
    stage.worker("w1");
    List<String> texts = ids("t");
    List<String> embeddings = ids("e");
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(500)) // a look asks for 6,000
        .until(() -> stage.outcomes(texts).size() >= 40 && stage.outcomes(embeddings).size() >= 40);
    Map<String, Outcome> written = stage.outcomes(texts);
    Map<String, Outcome> embedded = stage.outcomes(embeddings);
    assertThat(written.size()).as("texts were left").isLessThan(EACH / 2);
    assertThat(embedded.size()).as("embeddings were left").isLessThan(EACH / 2);
    assertThat(written.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(embedded.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(written.values())
        .allMatch(o -> GenerationResponse.parse(o.body()).usage().completionTokens() == 100);
  }
}
