package dev.headrace.worker.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.device.RowOutput.Generated;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.store.DecoderFolders;
import dev.headrace.worker.text.PromptTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * SmolLM2-135M through the engine that the worker runs: the texts are those of transformers, one
 * prompt at a time, whatever runs beside them here ({@code make_smollm2_greedy.py}).
 */
class SmolLm2EngineIT {
  private static final Path MODELS = Path.of("..", "models");
  private static final String NAME = "smollm2-135m";
  private static final int STEPS = 64;

  @BeforeEach
  void needsTheModel() {
    assumeTrue(
        Files.isDirectory(MODELS.resolve(NAME)), "no models/smollm2-135m: headrace models fetch");
  }

  private static JsonNode reference(String name) throws IOException {
    return new ObjectMapper()
        .readTree(SmolLm2EngineIT.class.getResourceAsStream("/reference/" + name));
  }

  private static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).intValue();
    }
    return values;
  }

  @Test
  void texts_side_by_side_in_any_order_are_those_of_transformers() throws IOException {
    assertThat(run(20, 512L << 20, 3)).isEqualTo(expected());
  }

  /** Some 1,100 tokens fit, some 3,000 are wanted: the last ones give way and run again. */
  @Test
  void texts_that_are_preempted_are_those_of_transformers() throws IOException {
    assertThat(run(20, 50L << 20, 4)).isEqualTo(expected());
  }

  private static List<String> expected() throws IOException {
    String json = DecoderFolders.describe(MODELS.resolve(NAME), 2048).files().tokenizerJson();
    List<String> texts = new ArrayList<>();
    try (PromptTokenizer tokenizer = PromptTokenizer.open(NAME, json)) {
      for (JsonNode row : reference("smollm2-greedy.json")) {
        texts.add(tokenizer.decode(ints(row.get("tokens"))));
      }
    }
    return texts;
  }

  /** Joins the texts at random times in a random order. */
  private static List<String> run(int together, long kvBytes, int seed) throws IOException {
    GenerationConfig generation =
        new GenerationConfig(together, kvBytes, 512, Duration.ofSeconds(1), 96, true);
    EngineConfig config =
        new EngineConfig("cpu", List.of(NAME), MODELS.toString(), Precision.FLOAT32, 1);
    JsonNode texts = reference("smollm2.json");
    Random random = new Random(seed);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    Heard heard = new Heard();
    try (GenerationEngine engine =
        GenerationLoader.open(List.of(NAME), config, generation, System::nanoTime)) {
      ServedModel model = engine.models().get(0);
      for (int i : order) {
        GenerationRow row =
            new GenerationRow(ints(texts.get(i).get("ids")), greedy(), STEPS, 0, false);
        engine.admit(new DeviceBatch(i, model, List.of(row)));
        for (int steps = random.nextInt(4); steps > 0; steps--) {
          engine.step(heard);
        }
      }
      while (engine.busy()) {
        engine.step(heard);
      }
    }
    List<String> found = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Generated text = heard.generated(i, 0);
      assertThat(text.finish()).isEqualTo(FinishReason.LENGTH);
      found.add(text.text());
    }
    return found;
  }

  /** Past the model's own end too, as the reference. */
  private static Sampling greedy() {
    return new Sampling(0, 1, 0, 0, 0, 0, 1, 1L, List.of(), List.of(), -1, true);
  }
}
