package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Embeddings and generation from one worker, each with far more to do than fits: both get on. With
 * a real encoder and a tiny decoder, Kafka and Redis.
 */
class MixedLoadIT {
  private static final String ENCODER = "all-minilm-l6-v2";
  private static final int TEXTS = 3000;
  private static final int EMBEDDINGS = 3000;

  @TempDir private Path models;

  private EmbeddedServers servers;
  private Stage stage;

  @BeforeEach
  void start() throws Exception {
    TinyDecoder.write(models.resolve("tiny"));
    servers = EmbeddedServers.builder().build().start();
    stage = new Stage(servers.kafkaBootstrap(), servers.redisUri());
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
    servers.close();
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

  private static List<String> ids(String prefix, int count) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(prefix + i);
    }
    return ids;
  }

  @Test
  void neither_starves_while_both_have_more_than_fits() throws Exception {
    Random random = new Random(3);
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < Math.max(TEXTS, EMBEDDINGS); i++) {
      records.add(text(i));
      records.add(embedding(i, random));
    }
    // Else one partition would hold all texts and the other all embeddings, as no router fills
    // them:
    // a worker reads a partition at a time, until its own queue is full.
    Collections.shuffle(records, random);
    stage.submit(records);
    stage.worker("w1");
    List<String> texts = ids("t", TEXTS);
    List<String> embeddings = ids("e", EMBEDDINGS);
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> stage.outcomes(texts).size() >= 40 && stage.outcomes(embeddings).size() >= 40);
    Map<String, Outcome> written = stage.outcomes(texts);
    Map<String, Outcome> embedded = stage.outcomes(embeddings);
    assertThat(written.size()).as("texts were left").isLessThan(TEXTS / 2);
    assertThat(embedded.size()).as("embeddings were left").isLessThan(EMBEDDINGS / 2);
    assertThat(written.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(embedded.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(written.values())
        .allMatch(o -> GenerationResponse.parse(o.body()).usage().completionTokens() == 100);
  }
}
