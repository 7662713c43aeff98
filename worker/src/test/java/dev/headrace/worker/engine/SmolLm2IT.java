package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.store.DecoderFolders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * SmolLM2-135M from its GGUF file: llama.cpp's tokens ({@code make_smollm2_references.py}), the
 * texts of transformers ({@code make_smollm2_greedy.py}), and what int8 costs.
 */
class SmolLm2IT {
  private static final Path FOLDER = Path.of("..", "models", "smollm2-135m");
  private static final int STEPS = 64;
  private static final KvPlan PLAN = new KvPlan(256L << 20);

  @BeforeEach
  void needsTheModel() {
    assumeTrue(
        Files.isDirectory(FOLDER), "no models/smollm2-135m: headrace models fetch smollm2-135m");
  }

  private static List<JsonNode> texts(int count) throws IOException {
    List<JsonNode> texts = reference("smollm2.json");
    return texts.subList(0, Math.min(count, texts.size()));
  }

  private static List<JsonNode> reference(String name) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    new ObjectMapper()
        .readTree(SmolLm2IT.class.getResourceAsStream("/reference/" + name))
        .forEach(all::add);
    return all;
  }

  private static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).intValue();
    }
    return values;
  }

  @Test
  void its_tokenizer_gives_the_ids_of_llama_cpp() throws IOException {
    String json = DecoderFolders.describe(FOLDER, 2048).files().tokenizerJson();
    System.setProperty("ai.djl.offline", "true");
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
            Map.of("truncation", "false"))) {
      for (JsonNode text : texts(1000)) {
        long[] ids = tokenizer.encode(text.get("text").textValue(), false, false).getIds();
        assertThat(ids)
            .as(text.get("text").textValue())
            .containsExactly(
                java.util.Arrays.stream(ints(text.get("ids"))).asLongStream().toArray());
      }
    }
  }

  @Test
  void greedy_tokens_are_those_of_transformers() throws IOException {
    List<JsonNode> expected = reference("smollm2-greedy.json");
    List<int[]> greedy = run(Precision.FLOAT32, List.of());
    assertThat(greedy).hasSize(20);
    for (int i = 0; i < greedy.size(); i++) {
      assertThat(greedy.get(i))
          .as("prompt %d", i)
          .containsExactly(ints(expected.get(i).get("tokens")));
    }
  }

  @Test
  void int8_agrees_with_float32_on_nine_of_ten_tokens() throws IOException {
    List<int[]> greedy = new ArrayList<>();
    for (JsonNode row : reference("smollm2-greedy.json")) {
      greedy.add(ints(row.get("tokens")));
    }
    List<int[]> int8 = run(Precision.INT8, greedy);
    int same = 0;
    for (int i = 0; i < greedy.size(); i++) {
      for (int step = 0; step < STEPS; step++) {
        same += greedy.get(i)[step] == int8.get(i)[step] ? 1 : 0;
      }
    }
    System.out.println("int8 agrees on " + same + " of " + greedy.size() * STEPS);
    assertThat(same).isGreaterThanOrEqualTo(greedy.size() * STEPS * 9 / 10);
  }

  /**
   * The likeliest token after each step, of 20 texts side by side.
   *
   * @param forced what each text goes on with; where empty, with the likeliest tokens
   */
  private static List<int[]> run(Precision precision, List<int[]> forced) throws IOException {
    DecoderModel model = DecoderFolders.describe(FOLDER, 2048);
    List<JsonNode> texts = texts(20);
    List<int[]> found = new ArrayList<>();
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        DecoderSession session = engine.load(model, precision, PLAN)) {
      List<Sequence> sequences = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
          if (step == 0) {
            sequences.add(session.open());
            found.add(new int[STEPS]);
            segments.add(new Segment(sequences.get(i), ints(texts.get(i).get("ids")), true));
          } else {
            int[] before = forced.isEmpty() ? found.get(i) : forced.get(i);
            segments.add(Segment.decode(sequences.get(i), before[step - 1]));
          }
        }
        Logits logits = session.step(segments);
        for (int i = 0; i < texts.size(); i++) {
          found.get(i)[step] = logits.argmax(i);
        }
      }
    }
    return found;
  }
}
