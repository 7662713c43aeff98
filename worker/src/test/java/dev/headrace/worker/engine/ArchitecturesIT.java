package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.hf.ReferenceModel.Case;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every architecture against what transformers computes, in batches of mixed lengths. */
class ArchitecturesIT {
  private static final float TOLERANCE = 1e-4f;

  @TempDir Path directory;
  private TorchEngine engine;

  @BeforeEach
  void open_engine() {
    engine = TorchEngine.open(DeviceInventory.cpu(), 1);
  }

  @AfterEach
  void close_engine() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert",
        "bert-plain",
        "roberta",
        "xlm-roberta",
        "distilbert",
        "mpnet",
        "modernbert"
      })
  void hidden_states_equal_transformers(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    for (Case expected : reference.cases("hidden")) {
      ModelDescription model = describe(reference, expected.folder());
      check(withHead(model, new Head.HiddenStates()), expected, "tensor");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert",
        "bert-plain",
        "roberta",
        "xlm-roberta",
        "distilbert",
        "mpnet",
        "modernbert"
      })
  void embeddings_equal_sentence_transformers(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    for (Case expected : reference.cases("embedding")) {
      // What is cut off a vector, and what prompts do to it, is not the engine's work.
      boolean whole = !expected.json().has("dimensions");
      if (whole && !expected.folder().contains("no-prompt")) {
        check(describe(reference, expected.folder()), expected, "values");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta", "xlm-roberta", "distilbert", "mpnet", "modernbert"})
  void logits_of_classifiers_equal_transformers(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    List<Case> cases = new ArrayList<>(reference.cases("classification"));
    cases.addAll(reference.cases("rerank"));
    assertThat(cases).hasSizeGreaterThan(2);
    for (Case expected : cases) {
      check(describe(reference, expected.folder()), expected, "logits");
    }
  }

  /**
   * From the text on: the tokenizer's ids, cut and with the default prompt, are those of Python.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert",
        "bert-plain",
        "roberta",
        "xlm-roberta",
        "distilbert",
        "mpnet",
        "modernbert"
      })
  void texts_are_tokenised_as_by_sentence_transformers(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    for (Case expected : reference.cases("embedding")) {
      boolean usual = !expected.json().has("prompt_name");
      if (usual && !expected.folder().contains("no-prompt")) {
        try (TextTokenizer tokenizer = TextTokenizer.open(describe(reference, expected.folder()))) {
          for (int row = 0; row < expected.size(); row++) {
            String text = expected.input(row).get("text").textValue();
            assertThat(tokenizer.tokenize(text).ids()).isEqualTo(expected.tokens(row, "ids"));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-plain", "modernbert"})
  void vectors_are_cut_as_by_sentence_transformers(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    for (Case expected : reference.cases("embedding")) {
      boolean again = expected.json().path("normalize").asBoolean();
      if (expected.json().has("dimensions") && !again) {
        ModelDescription model = describe(reference, expected.folder());
        Head.Embedding whole = (Head.Embedding) model.head();
        int dimensions = expected.json().get("dimensions").intValue();
        check(
            withHead(
                model,
                new Head.Embedding(whole.poolings(), whole.dense(), whole.normalise(), dimensions)),
            expected,
            "values");
      }
    }
  }

  /** Random weights exaggerate what rounding does; it is enough to see that nothing breaks. */
  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta", "distilbert", "mpnet", "modernbert"})
  void smaller_formats_give_like_vectors(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    Case expected = reference.cases("embedding").get(0);
    ModelDescription model = describe(reference, expected.folder());
    List<TokenizedText> texts = new ArrayList<>();
    for (int row = 0; row < expected.size(); row++) {
      texts.add(new TokenizedText(expected.tokens(row, "ids"), false));
    }
    for (Precision precision : List.of(Precision.INT8, Precision.BFLOAT16)) {
      try (EncoderSession session = engine.load(model, precision)) {
        EncodedBatch batch = session.run(texts);
        for (int row = 0; row < texts.size(); row++) {
          assertThat(cosine(batch.row(row), expected.floats(row, "values")))
              .as("%s %s row %d", name, precision, row)
              .isGreaterThan(0.95);
        }
      }
    }
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double lengthA = 0;
    double lengthB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      lengthA += a[i] * a[i];
      lengthB += b[i] * b[i];
    }
    return dot / Math.sqrt(lengthA * lengthB);
  }

  private ModelDescription describe(ReferenceModel reference, String folder) throws Exception {
    Path target = directory.resolve(reference.folders().indexOf(folder) + "-" + System.nanoTime());
    return ModelFolders.describe(reference.assemble(folder, target));
  }

  private static ModelDescription withHead(ModelDescription model, Head head) {
    return new ModelDescription(
        model.name(),
        model.revision(),
        model.config(),
        model.maxTokens(),
        head,
        model.prompt(),
        model.files());
  }

  /** Each row three times, so that rows of one length and of different lengths run together. */
  private void check(ModelDescription model, Case expected, String key) throws Exception {
    List<TokenizedText> texts = new ArrayList<>();
    for (int i = 0; i < 3 * expected.size(); i++) {
      int row = i % expected.size();
      texts.add(
          new TokenizedText(expected.tokens(row, "ids"), expected.tokens(row, "types"), false));
    }
    try (EncoderSession session = engine.load(model, Precision.FLOAT32)) {
      EncodedBatch batch = session.run(texts);
      SoftAssertions all = new SoftAssertions();
      for (int i = 0; i < texts.size(); i++) {
        float[] values = expected.floats(i % expected.size(), key);
        all.assertThat(worst(batch.row(i), values))
            .as("%s %s row %d", model.name(), expected.name(), i)
            .isLessThanOrEqualTo(TOLERANCE);
      }
      all.assertAll();
    }
  }

  private static float worst(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    float worst = 0;
    for (int i = 0; i < actual.length; i++) {
      float error = Math.abs(actual[i] - expected[i]);
      worst = Float.isNaN(error) ? Float.POSITIVE_INFINITY : Math.max(worst, error);
    }
    return worst;
  }
}
