package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.generate.TinyDecoder;
import dev.headrace.worker.testing.ModelWorker;
import dev.headrace.worker.testing.Requests;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Worker processes with the real engine that die, or stop, while they write a text. */
class GenerationCrashIT extends OwnServersSuite {
  private static final String MODEL = "tiny";

  /** Tokens that take longer than any life here lasts, at half a millisecond or more each. */
  private static final int ENDLESS = 50_000;

  private static final int LONG = 6_000;

  @TempDir private Path folder;

  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void configure() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(120));
    Path model = folder.resolve("models").resolve(MODEL);
    TinyDecoder.write(model);
    Path config = model.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"max_position_embeddings\": 160", "\"max_position_embeddings\": 60000"));
    stage.settings().put("redis.heartbeat-ttl", "2s");
    stage.settings().put("worker.models.folder", folder.resolve("models").toString());
    stage.settings().put("worker.models", MODEL);
    stage.settings().put("worker.threads", "1");
    stage.settings().put("worker.generation.kv-memory", "64MiB");
    stage.settings().put("worker.generation.context", "60000");
    stage.settings().put("worker.stream.interval", "50ms");
    stage.settings().put("worker.drain-timeout", "1s");
  }

  @AfterEach
  void kill() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly();
      process.waitFor(10, TimeUnit.SECONDS);
    }
  }

  private Process worker(String id) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // It lives for seconds.
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(ModelWorker.class.getName());
    stage.settings().forEach((k, v) -> command.add(k + "=" + v));
    command.add("worker.id=" + id);
    File log = folder.resolve(id + ".log").toFile();
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
    processes.add(process);
    return process;
  }

  /** Greedy and past all ends, so every worker writes the same. */
  private static WireRecord text(String id, int tokens) {
    Sampling sampling = new Sampling(0, 1, 0, 0, 0, 0, 1, null, List.of(), List.of(), -1, true);
    CompletionRequest body =
        new CompletionRequest(
            MODEL,
            List.of(new CompletionRequest.Text("w1 w2 w3")),
            GenerationOptions.DEFAULT.with(sampling).withMaxTokens(tokens).streamed(true));
    return Requests.request(id)
        .model(MODEL)
        .task(Task.COMPLETIONS)
        .body(body.encode())
        .time(Instant.now())
        .slack(Duration.ofMinutes(10))
        .record();
  }

  /** Until a worker has marked the request: from here on it is on the device. */
  private void awaitWriting(String worker) {
    await().until(() -> Files.exists(folder.resolve(worker + ".log")) && writes(worker));
  }

  private boolean writes(String worker) throws IOException {
    return Files.readString(folder.resolve(worker + ".log")).contains(ModelWorker.WRITING);
  }

  @Test
  void text_whose_workers_are_killed_ends_as_poison_and_not_in_a_loop() throws Exception {
    stage.submit(List.of(text("killed", ENDLESS)));
    int lives = 0;
    while (stage.outcome("killed") == null) {
      assertThat(++lives).as("lives, logs in %s", folder).isLessThan(5);
      String id = "life-" + lives;
      Process process = worker(id);
      await().until(() -> stage.outcome("killed") != null || writes(id));
      process.destroyForcibly();
      process.waitFor(10, TimeUnit.SECONDS);
    }
    Outcome outcome = stage.outcome("killed");
    assertThat(outcome.status()).isEqualTo(Status.FAILED);
    assertThat(outcome.failure().code()).isEqualTo(ErrorCode.POISON);
    // Two lives wrote it, the third refused it.
    assertThat(lives).isEqualTo(3);
  }

  @Test
  void worker_that_is_killed_once_loses_no_text() throws Exception {
    stage.submit(List.of(text("a", LONG), text("b", LONG)));
    Process first = worker("first");
    awaitWriting("first");
    first.destroyForcibly();
    first.waitFor(10, TimeUnit.SECONDS);
    assertThat(stage.outcomes(List.of("a", "b"))).isEmpty();
    worker("second");
    awaitWhole("a", "b");
  }

  @Test
  void worker_that_is_told_to_stop_hands_its_text_to_another() throws Exception {
    stage.submit(List.of(text("a", LONG)));
    Process first = worker("first");
    awaitWriting("first");
    first.destroy();
    assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(stage.outcome("a")).as("not finished by the first").isNull();
    assertThat(stage.stores().crashLedger().crashes()).as("an orderly end is no crash").isEmpty();
    worker("second");
    awaitWhole("a");
  }

  private void awaitWhole(String... ids) {
    await().until(() -> stage.outcomes(List.of(ids)).size() == ids.length);
    for (Outcome outcome : stage.outcomes(List.of(ids)).values()) {
      assertThat(outcome.status()).isEqualTo(Status.OK);
      assertThat(outcome.detail(Detail.WORKER)).isEqualTo("second");
      GenerationResponse.Choice choice = GenerationResponse.parse(outcome.body()).choices().get(0);
      assertThat(choice.finish()).isEqualTo(FinishReason.LENGTH);
      assertThat(GenerationResponse.parse(outcome.body()).usage().completionTokens())
          .isEqualTo(LONG);
    }
  }
}
