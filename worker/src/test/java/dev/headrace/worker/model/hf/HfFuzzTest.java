package dev.headrace.worker.model.hf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.json.Bounds;
import dev.headrace.worker.model.json.Mutations;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.json.TreeMutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged small files are read or refused: no crash, no hang, no memory beyond a multiple. */
@Timeout(300)
class HfFuzzTest {
  private static final long SEED = 20261123;
  private static final int CONFIGS = 100_000;
  private static final int OTHERS = 20_000;
  private static final int TOKENIZERS = 100_000;
  private static final long MOST_BYTES = 256 << 10;
  private static final long BYTES_PER_BYTE = 200;

  @TempDir private Path temporary;

  @Test
  void any_config_is_read_or_refused() throws Exception {
    fuzz(CONFIGS, file("modernbert", "classification", "config.json"), HfFuzzTest::readConfig);
  }

  @Test
  void any_sentence_transformers_file_is_read_or_refused() throws Exception {
    Path root = Path.of("folder");
    StrictJson json = HfConfig.json("modules.json");
    fuzz(
        OTHERS,
        file("bert", "embed", "modules.json"),
        bytes -> {
          for (SentenceModules.Step step : SentenceModules.steps(json, bytes, false)) {
            if (!root.resolve(step.path()).normalize().startsWith(root)) {
              throw new IllegalStateException(step.path() + " is outside the folder");
            }
          }
        });
    fuzz(
        OTHERS,
        file("bert", "embed", "1_Pooling/config.json"),
        bytes -> SentencePooling.read(HfConfig.parse("config.json", bytes)));
    fuzz(
        OTHERS,
        file("distilbert", "embed", "config_sentence_transformers.json"),
        bytes -> SentencePrompts.read(HfConfig.parse("prompts.json", bytes)).defaultPrompt());
  }

  @Test
  void any_tokenizer_file_is_read_or_refused() throws Exception {
    fuzz(
        TOKENIZERS,
        file("mpnet", "embed", "tokenizer_config.json"),
        bytes -> TokenizerSettings.read(HfConfig.parse("tokenizer_config.json", bytes)));
    fuzz(TOKENIZERS, file("mpnet", "embed", "tokenizer.json"), FolderTokenizer::checked);
  }

  /** Accidents that leave it JSON get further than others. */
  @Test
  void any_tokenizer_that_is_json_is_read_or_refused() throws Exception {
    byte[] document = file("bert", "embed", "tokenizer.json");
    TreeMutations mutations = new TreeMutations(SEED);
    Bounds bounds = new Bounds(MOST_BYTES, BYTES_PER_BYTE);
    for (int i = 0; i < TOKENIZERS; i++) {
      bounds.check(
          mutations.damage(document), "seed " + SEED + ", document " + i, FolderTokenizer::checked);
    }
    assertThat(bounds.read()).isPositive();
    assertThat(bounds.refused()).isPositive();
  }

  private static void readConfig(byte[] bytes) throws IOException {
    HfConfig config = HfConfig.parse("config.json", bytes);
    config.string("model_type");
    config.integer("hidden_size", 1, 1 << 16);
    config.integer("num_hidden_layers", 1, 1 << 10, 12);
    config.number("norm_eps", 1e-5);
    config.flag("norm_bias", false);
    config.strings("architectures");
    config.optionalString("problem_type");
    config.object("rope_parameters");
    config.labels();
    ScoreFunction.of(config);
  }

  private static void fuzz(int count, byte[] document, Bounds.Reader reader) {
    Mutations mutations = new Mutations(SEED);
    Bounds bounds = new Bounds(MOST_BYTES, BYTES_PER_BYTE);
    for (int i = 0; i < count; i++) {
      bounds.check(mutations.damage(document), "seed " + SEED + ", document " + i, reader);
    }
    assertThat(bounds.read()).isPositive();
    assertThat(bounds.refused()).isGreaterThan(count / 4);
  }

  private byte[] file(String model, String folder, String name) throws IOException {
    Path target = Files.createTempDirectory(temporary, "m");
    return Files.readAllBytes(ReferenceModel.named(model).assemble(folder, target).resolve(name));
  }
}
