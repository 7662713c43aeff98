package dev.headrace.worker.model.ready;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.PairScoring;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.ReadyScript.Input;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.hf.MaskToken;
import dev.headrace.worker.model.json.Bounds;
import dev.headrace.worker.model.json.Mutations;
import dev.headrace.worker.model.json.TreeMutations;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SidecarTest {
  private static final long SEED = 20261126;
  private static final int DOCUMENTS = 100_000;
  private static final Path FOLDER = Path.of("/models/mine");

  private static final String EMBEDDINGS =
      """
      {"format": "torchscript", "file": "encoder.pt", "task": "embeddings",
       "inputs": ["input_ids", "attention_mask", "token_type_ids"],
       "outputs": ["last_hidden_state", "pooler_output"], "output": "last_hidden_state",
       "vocab_size": 30522, "max_tokens": 512, "hidden_size": 384,
       "pooling": "mean", "normalize": true, "precision": "fp16"}
      """;

  private static final String LABELS =
      """
      {"format": "torchscript", "task": "classifications", "inputs": ["input_ids"],
       "outputs": ["logits"], "vocab_size": 100, "max_tokens": 64, "labels": ["a", "b"]}
      """;

  private static final String MASKS =
      """
      {"format": "torchscript", "task": "fill-mask", "inputs": ["input_ids", "attention_mask"],
       "outputs": ["logits"], "vocab_size": 100, "max_tokens": 64}
      """;

  private static Sidecar read(String json) throws IOException {
    return read(json.getBytes(StandardCharsets.UTF_8));
  }

  /** Beside a tokenizer whose mask has the id 50. */
  private static Sidecar read(byte[] json) throws IOException {
    return Sidecar.read(
        HfConfig.parse(Sidecar.FILE, json),
        FOLDER,
        vocabulary ->
            vocabulary > 50 ? Optional.of(new MaskToken("[MASK]", 50)) : Optional.empty());
  }

  @Test
  void encoder_is_described() throws Exception {
    Sidecar sidecar = read(EMBEDDINGS);
    assertThat(sidecar.script().file()).isEqualTo(FOLDER.resolve("encoder.pt"));
    assertThat(sidecar.script().inputs())
        .containsExactly(Input.INPUT_IDS, Input.ATTENTION_MASK, Input.TOKEN_TYPE_IDS);
    assertThat(sidecar.script().output()).isEqualTo("last_hidden_state");
    assertThat(sidecar.script().perToken()).isTrue();
    assertThat(sidecar.script().width()).isEqualTo(384);
    assertThat(sidecar.script().precision()).isEqualTo(Precision.FLOAT16);
    assertThat(sidecar.head()).isEqualTo(new Head.Embedding(List.of(Pooling.MEAN), true));
    assertThat(sidecar.vocabulary()).isEqualTo(30522);
    assertThat(sidecar.typed()).isTrue();
  }

  @Test
  void classifiers_and_rerankers_give_one_row_a_text() throws Exception {
    Sidecar labels = read(LABELS);
    assertThat(labels.script().perToken()).isFalse();
    assertThat(labels.script().file()).isEqualTo(FOLDER.resolve("model.pt"));
    assertThat(((Head.Classifier) labels.head()).labels()).containsExactly("a", "b");
    Sidecar rerank =
        read(
            LABELS
                .replace("classifications", "rerank")
                .replace("\"labels\": [\"a\", \"b\"]", "\"activation\": \"identity\""));
    assertThat(rerank.script().width()).isEqualTo(1);
    assertThat(((Head.Classifier) rerank.head()).scoring()).isEqualTo(PairScoring.IDENTITY);
    assertThat(read(LABELS.replace("classifications", "token-classifications")).script().perToken())
        .isTrue();
    assertThat(read(EMBEDDINGS.replace("\"mean\"", "\"none\"")).script().perToken()).isFalse();
  }

  @Test
  void one_that_fills_masks_gives_a_score_for_each_word() throws Exception {
    Sidecar sidecar = read(MASKS);
    assertThat(sidecar.script().perToken()).isTrue();
    assertThat(sidecar.script().width()).isEqualTo(100);
    assertThat(sidecar.head()).isEqualTo(new Head.MaskedFill("[MASK]", 50, 100, false, false));
    assertThat(sidecar.head().width(sidecar.config())).isZero();
    assertThatThrownBy(() -> read(MASKS.replace("100", "50")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            "headrace.json: task: fill-mask (expected: another, for tokenizer.json has no mask"
                + " token below 50)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          "torchscript"     | "onnx"               | format: onnx (expected: one of [torchscript])
          "embeddings"      | "summaries"          | task: summaries (expected: one of embeddings, classifications, rerank, token-classifications, fill-mask)
          "embeddings"      | "classifications"    | hidden_size: given (expected: nothing, for task is classifications)
          "token_type_ids"  | "inputs_embeds"      | inputs: inputs_embeds (expected: some of [input_ids, attention_mask, token_type_ids, position_ids])
          "token_type_ids"  | "attention_mask"     | inputs: attention_mask twice (expected: each at most once)
          "input_ids", "    | "                    | inputs: [attention_mask, token_type_ids] (expected: input_ids among them)
          "output": "last   | "output": "first     | output: first_hidden_state (expected: one of [last_hidden_state, pooler_output])
          "pooler_output"   | "last_hidden_state"  | outputs: [last_hidden_state, last_hidden_state] (expected: distinct names)
          "encoder.pt"      | "../encoder.pt"      | file: ../encoder.pt (expected: a name that ends in .pt, beside headrace.json)
          "encoder.pt"      | "/etc/encoder.pt"    | file: /etc/encoder.pt (expected: a name that ends in .pt
          "encoder.pt"      | "model.bin"          | file: model.bin (expected: a name that ends in .pt
          30522             | 0                    | vocab_size: 0 (expected: 1..16777216)
          "max_tokens": 512,| \0                   | max_tokens: missing (expected: 2..1048576)
          "mean"            | "sum"                | pooling: sum (expected: one of [mean, cls, max, last, none])
          "fp16"            | "fp8"                | precision: fp8 (expected: one of [fp32, fp16, bf16, int8])
          "normalize"       | "normalise"          | normalise: unknown (expected: one of [activation, file,
          """)
  void what_cannot_be_is_named(String old, String with, String message) {
    String json = EMBEDDINGS.replace(old, with.equals("\\0") ? "" : with);
    assertThat(json).isNotEqualTo(EMBEDDINGS);
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageStartingWith("headrace.json: " + message);
  }

  @Timeout(300)
  @Test
  void any_damaged_sidecar_is_read_or_refused() throws IOException {
    Bounds bounds = new Bounds(256 << 10, 200);
    Bounds.Reader reader =
        bytes -> {
          Sidecar sidecar = read(bytes);
          if (!FOLDER.equals(sidecar.script().file().normalize().getParent())) {
            throw new IllegalStateException(sidecar.script().file() + " is outside the folder");
          }
          sidecar.config();
        };
    Mutations bytes = new Mutations(SEED);
    TreeMutations trees = new TreeMutations(SEED);
    byte[][] documents = {
      EMBEDDINGS.getBytes(StandardCharsets.UTF_8),
      LABELS.getBytes(StandardCharsets.UTF_8),
      MASKS.getBytes(StandardCharsets.UTF_8)
    };
    for (int i = 0; i < DOCUMENTS; i++) {
      byte[] whole = documents[i % 3];
      byte[] damaged = i % 6 < 3 ? bytes.damage(whole) : trees.damage(whole);
      bounds.check(damaged, "seed " + SEED + ", document " + i, reader);
    }
    assertThat(bounds.read()).isPositive();
    assertThat(bounds.refused()).isGreaterThan(DOCUMENTS / 4);
  }

  @Test
  void what_is_no_torchscript_is_told_apart(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("model.pt");
    assertThatThrownBy(() -> ScriptFile.check(file))
        .hasMessage("model.pt: no such file (expected: TorchScript)");
    Files.writeString(file, "no zip");
    assertThatThrownBy(() -> ScriptFile.check(file))
        .hasMessageContaining("(expected: the zip that torch.jit.save writes)");
    zip(file, "m/data.pkl", "m/version");
    assertThatThrownBy(() -> ScriptFile.check(file))
        .hasMessageStartingWith("model.pt: no code/ in it (expected: TorchScript");
    zip(file, "m/code/__torch__.py");
    assertThatThrownBy(() -> ScriptFile.check(file))
        .hasMessage("model.pt: no data.pkl in it (expected: TorchScript)");
    zip(file, "m/data.pkl", "m/code/__torch__.py");
    ScriptFile.check(file);
  }

  private static void zip(Path file, String... names) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (String name : names) {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(1);
        zip.closeEntry();
      }
    }
  }
}
