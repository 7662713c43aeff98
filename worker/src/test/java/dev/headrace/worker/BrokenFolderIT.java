package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import dev.headrace.worker.generate.TinyDecoder;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.gguf.GgufBytes;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of decoders, each broken in its way, beside an encoder and a decoder that are not. */
class BrokenFolderIT {
  private static final String ENCODER = "bert-classification";

  private static final String DEADLY =
      """
      {"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "continuing_subword_prefix": "####",
       "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}}
      """;

  @TempDir private Path models;

  /** Broken folders, and a part of what is said about each. */
  private final Map<String, String> broken = new LinkedHashMap<>();

  /** What is done to a good folder. */
  private interface Damage {
    void to(Path folder) throws IOException;
  }

  @BeforeEach
  void write() throws IOException {
    ReferenceModel.named("bert").assemble("classification", models);
    TinyDecoder.write(models.resolve("tiny"));
    damaged("config-cut", "config.json", f -> Files.writeString(f.resolve("config.json"), "{"));
    damaged(
        "config-odd",
        "num_hidden_layers",
        f -> replace(f, "config.json", "layers\": ", "layers\": -"));
    damaged("weights-cut", "model.safetensors", f -> cut(f.resolve("model.safetensors")));
    damaged("weights-missing", "safetensors", f -> Files.delete(f.resolve("model.safetensors")));
    damaged("tokenizer-missing", "tokenizer.json", f -> Files.delete(f.resolve("tokenizer.json")));
    damaged(
        "tokenizer-odd", "tokenizer", f -> Files.writeString(f.resolve("tokenizer.json"), "{}"));
    // A merge that makes the native library abort its process.
    damaged(
        "tokenizer-deadly",
        "ended its process",
        f -> Files.writeString(f.resolve("tokenizer.json"), DEADLY));
    damaged(
        "template-cut",
        "template",
        f -> Files.writeString(f.resolve("chat_template.jinja"), "{% if x"));
    gguf("gguf-cut", 1, "gguf-cut");
    gguf("gguf-two", 2, "several GGUF files");
  }

  private void damaged(String name, String message, Damage damage) throws IOException {
    TinyDecoder.write(models.resolve(name));
    damage.to(models.resolve(name));
    broken.put(name, message);
  }

  private void gguf(String name, int files, String message) throws IOException {
    Path folder = Files.createDirectory(models.resolve(name));
    byte[] whole = GgufBytes.small();
    for (int i = 0; i < files; i++) {
      Files.write(folder.resolve(i + ".gguf"), Arrays.copyOf(whole, whole.length / 2));
    }
    broken.put(name, message);
  }

  private static void cut(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 100));
  }

  private static void replace(Path folder, String name, String old, String with)
      throws IOException {
    String text = Files.readString(folder.resolve(name));
    assertThat(text).contains(old);
    Files.writeString(folder.resolve(name), text.replace(old, with));
  }

  private Engine open(List<String> names) throws Exception {
    EngineConfig config = new EngineConfig("cpu", names, models.toString(), Precision.FLOAT32, 1);
    GenerationConfig generation =
        new GenerationConfig(2, 1 << 20, 64, Duration.ofSeconds(1), 32, false);
    return WorkerEngine.factory(config, generation, new ModelCatalog(List.of()), System::nanoTime)
        .open();
  }

  @Test
  void those_that_are_in_order_are_served_and_the_others_named_with_the_reason() throws Exception {
    List<String> names = new ArrayList<>(broken.keySet());
    names.add(2, ENCODER);
    names.add(5, "tiny");
    try (Engine engine = open(names)) {
      assertThat(engine.models())
          .extracting(ServedModel::name)
          .containsExactlyInAnyOrder(ENCODER, "tiny");
      Map<String, String> found = new HashMap<>();
      for (BrokenModel model : engine.broken()) {
        found.put(model.name(), model.failure().message());
      }
      assertThat(found).containsOnlyKeys(broken.keySet());
      broken.forEach(
          (name, message) -> assertThat(found.get(name)).startsWith(name + ": ").contains(message));
    }
  }

  @Test
  void decoders_alone_are_served_too() throws Exception {
    try (Engine engine = open(List.of("weights-cut", "tiny"))) {
      assertThat(engine.models()).extracting(ServedModel::name).containsExactly("tiny");
      assertThat(engine.broken()).extracting(BrokenModel::name).containsExactly("weights-cut");
    }
    try (Engine engine = open(List.of("weights-cut", ENCODER))) {
      assertThat(engine.models()).extracting(ServedModel::name).containsExactly(ENCODER);
    }
  }

  @Test
  void with_nothing_to_serve_the_engine_is_not_opened() {
    assertThatThrownBy(() -> open(List.copyOf(broken.keySet())))
        .hasMessageContainingAll(broken.keySet().toArray(new String[0]))
        .hasMessageContaining("(expected: at least one that can be served)");
    assertThatThrownBy(() -> open(List.of("weights-cut")))
        .hasMessageContaining("(expected: at least one that can be served)");
  }

  @Test
  void worker_goes_on_with_the_others_and_says_so_in_its_heartbeat() throws Exception {
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start();
        Stage stage = new Stage(servers.kafkaBootstrap(), servers.redisUri())) {
      List<String> names = new ArrayList<>(broken.keySet());
      names.addAll(List.of(ENCODER, "tiny"));
      stage.settings().put("worker.models.folder", models.toString());
      stage.settings().put("worker.models", String.join(",", names));
      stage.settings().put("worker.generation.kv-memory", "4MiB");
      stage.settings().put("worker.threads", "1");
      WorkerProcess worker = stage.worker("w1");
      await().atMost(Duration.ofMinutes(1)).until(() -> worker.app().health().ready());
      stage.submit(List.of(classification().record(), completion().record()));
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> stage.outcomes(List.of("class", "text")).size() == 2);
      assertThat(stage.outcomes(List.of("class", "text")).values())
          .extracting(Outcome::status)
          .containsOnly(Status.OK);
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(failed(stage)).containsAll(broken.keySet()));
    }
  }

  private static List<String> failed(Stage stage) {
    List<String> names = new ArrayList<>();
    for (DeviceReport report : stage.stores().deviceRegistry().list()) {
      for (Map.Entry<String, ModelReport> model : report.models().entrySet()) {
        if (model.getValue().state() == ModelState.FAILED) {
          names.add(model.getKey());
        }
      }
    }
    return names;
  }

  private static Requests classification() {
    byte[] body = new ClassificationsRequest(ENCODER, List.of("a text"), List.of()).encode();
    return Requests.request("class")
        .model(ENCODER)
        .task(Task.CLASSIFICATIONS)
        .body(body)
        .time(Instant.now());
  }

  private static Requests completion() {
    CompletionRequest body =
        new CompletionRequest(
            "tiny",
            List.of(new CompletionRequest.Text("w1 w2 w3")),
            GenerationOptions.DEFAULT.withMaxTokens(5));
    return Requests.request("text")
        .model("tiny")
        .task(Task.COMPLETIONS)
        .body(body.encode())
        .time(Instant.now());
  }
}
