package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.hf.ReferenceModel.Case;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TorchScript made by torch.jit.trace, and by ourselves, beside a {@code headrace.json}. */
class ReadyModelIT {
  private static final String INPUTS =
      "\"inputs\": [\"input_ids\", \"attention_mask\", \"token_type_ids\"]";

  private static final String HIDDEN =
      "{\"format\": \"torchscript\", \"task\": \"embeddings\", "
          + INPUTS
          + ", \"outputs\": [\"last_hidden_state\", \"pooler_output\"], \"vocab_size\": 150,"
          + " \"max_tokens\": 40, \"hidden_size\": 32, \"pooling\": \"cls\", \"normalize\": true}";

  private static final String LABELS =
      "{\"format\": \"torchscript\", \"task\": \"classifications\", "
          + INPUTS
          + ", \"outputs\": [\"logits\"], \"vocab_size\": 150, \"max_tokens\": 40, \"labels\":"
          + " [\"a\", \"b\", \"c\", \"d\", \"e\"]}";

  @TempDir private Path directory;

  private Path folder(String script, String sidecar) throws Exception {
    Path bert = ReferenceModel.named("bert").assemble("base", directory);
    Path folder = Files.createDirectory(directory.resolve("ready"));
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(bert.resolve(name), folder.resolve(name));
    }
    if (!script.isEmpty()) {
      Path file = Path.of(getClass().getResource("/reference/torchscript/" + script).toURI());
      Files.copy(file, folder.resolve("model.pt"));
    }
    Files.writeString(folder.resolve("headrace.json"), sidecar);
    return folder;
  }

  /** All rows, each three times, through two threads, so that groups are padded and are not. */
  private static void check(ModelDescription model, Case expected, String key) throws Exception {
    List<TokenizedText> texts = new ArrayList<>();
    for (int i = 0; i < 3 * expected.size(); i++) {
      int row = i % expected.size();
      texts.add(
          new TokenizedText(expected.tokens(row, "ids"), expected.tokens(row, "types"), false));
    }
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 2);
        EncoderSession session = engine.load(model, Precision.INT8)) {
      EncodedBatch batch = session.run(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(batch.row(i))
            .as("row %d", i)
            .containsExactly(expected.floats(i % expected.size(), key), within(1e-4f));
      }
    }
  }

  @Test
  void hidden_states_of_a_traced_encoder_become_embeddings() throws Exception {
    ModelDescription model = ModelFolders.describe(folder("hidden.pt", HIDDEN));
    Case expected = ReferenceModel.named("bert").cases("embedding").get(0);
    check(model, expected, "values");
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      String text = expected.input(1).get("text").textValue();
      assertThat(tokenizer.tokenize(text).ids()).isEqualTo(expected.tokens(1, "ids"));
    }
  }

  @Test
  void dictionary_of_a_traced_classifier_gives_its_logits() throws Exception {
    ModelDescription model = ModelFolders.describe(folder("labels.pt", LABELS));
    assertThat(model.head()).isInstanceOf(Head.Classifier.class);
    check(model, ReferenceModel.named("bert").cases("classification").get(0), "logits");
  }

  @Test
  void changed_script_is_another_revision() throws Exception {
    Path folder = folder("labels.pt", LABELS);
    String before = ModelFolders.describe(folder).revision();
    Files.write(
        folder.resolve("model.pt"), new byte[] {0}, java.nio.file.StandardOpenOption.APPEND);
    assertThat(ModelFolders.describe(folder).revision()).isNotEqualTo(before);
  }

  @Test
  void script_of_our_own_writer_that_pools_itself_is_normalised() throws Exception {
    Path folder =
        folder(
            "",
            HIDDEN
                .replace(INPUTS, "\"inputs\": [\"input_ids\", \"position_ids\"]")
                .replace("\"last_hidden_state\", \"pooler_output\"", "\"vector\"")
                .replace("\"hidden_size\": 32", "\"hidden_size\": 2")
                .replace("\"cls\"", "\"none\""));
    // [sum of the ids, sum of the places], each times 0.5.
    ScriptClass type =
        new ScriptClass(
            "Mine",
            """
            def forward(self: __torch__.Mine, ids: Tensor, places: Tensor) -> Tensor:
              sums = torch.stack([torch.sum(ids, [1]), torch.sum(places, [1])], 1)
              return torch.mul(torch.to(sums, 6), self.half)
            """);
    TorchScriptArchive.write(
        new ScriptObject(type).tensor("half", Tensors.of(new float[] {0.5f}, 1)),
        folder.resolve("model.pt"));
    ModelDescription model = ModelFolders.describe(folder);
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(model, Precision.FLOAT32)) {
      EncodedBatch batch = session.run(List.of(new TokenizedText(new int[] {1, 2, 1}, false)));
      assertThat(batch.row(0)).containsExactly(new float[] {0.8f, 0.6f}, within(1e-6f));
    }
  }

  private void refused(String script, String sidecar, String message) throws Exception {
    Path folder = folder(script, sidecar);
    assertThatThrownBy(
            () -> {
              ModelDescription model = ModelFolders.describe(folder);
              try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1)) {
                engine.load(model, Precision.FLOAT32);
              }
            })
        .hasMessageContaining(message);
  }

  @Test
  void output_of_another_width_is_refused_when_it_is_loaded() throws Exception {
    refused(
        "labels.pt",
        LABELS.replace(", \"e\"", ""),
        "output logits: (1, 5) float32 (expected: (1, 4), floating-point)");
  }

  @Test
  void output_that_is_not_there_is_refused_when_it_is_loaded() throws Exception {
    refused(
        "labels.pt",
        LABELS.replace("logits", "scores"),
        "outputs: a dictionary of [logits] (expected: one tensor, or a tuple of tensors [scores]");
  }

  @Test
  void tuple_of_another_length_is_refused_when_it_is_loaded() throws Exception {
    refused(
        "hidden.pt",
        HIDDEN.replace(", \"pooler_output\"", ""),
        "outputs: a tuple of 2 values (expected: one tensor, or a tuple of tensors");
  }

  @Test
  void input_that_is_not_named_is_refused_when_it_is_loaded() throws Exception {
    refused(
        "hidden.pt",
        HIDDEN.replace(", \"token_type_ids\"", ""),
        "missing value for argument 'token_type_ids'");
  }

  @Test
  void pickle_of_weights_is_refused_unread() throws Exception {
    refused("weights.pt", HIDDEN, "model ready: model.pt: no code/ in it (expected: TorchScript");
  }
}
