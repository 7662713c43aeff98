package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EmbeddingAccuracyIT {
  private static final long SEED = 20261123;
  private static final ModelDescription MODEL =
      ModelCatalog.builtIn().find("all-minilm-l6-v2").orElseThrow();
  private static final List<TokenizedText> TEXTS = new ArrayList<>();
  private static final List<float[]> EXPECTED = new ArrayList<>();

  @BeforeAll
  static void embed_all_passages_with_onnx_runtime() throws Exception {
    try (TextTokenizer tokenizer = TextTokenizer.open(MODEL);
        OnnxReference reference = new OnnxReference()) {
      for (String passage : Passages.all()) {
        TokenizedText text = tokenizer.tokenize(passage);
        TEXTS.add(text);
        EXPECTED.add(reference.embed(text.ids()));
      }
    }
  }

  @Test
  void float32_embeddings_equal_onnx_runtimes() throws Exception {
    assertThat(lowestCosine(Precision.FLOAT32)).isGreaterThanOrEqualTo(0.9999);
  }

  @Test
  void int8_embeddings_are_close_to_onnx_runtimes() throws Exception {
    assertThat(lowestCosine(Precision.INT8)).isGreaterThanOrEqualTo(0.98);
  }

  /** All passages in random order, in batches of random size and mixed lengths. */
  private static double lowestCosine(Precision precision) throws Exception {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < TEXTS.size(); i++) {
      order.add(i);
    }
    Random random = new Random(SEED);
    Collections.shuffle(order, random);
    double lowest = 1;
    double sum = 0;
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(MODEL, precision)) {
      for (int from = 0; from < order.size(); ) {
        int to = Math.min(order.size(), from + 1 + random.nextInt(40));
        List<Integer> rows = order.subList(from, to);
        EncodedBatch batch = session.run(rows.stream().map(TEXTS::get).toList());
        for (int i = 0; i < rows.size(); i++) {
          double cosine = cosine(batch.row(i), EXPECTED.get(rows.get(i)));
          lowest = Math.min(lowest, cosine);
          sum += cosine;
        }
        from = to;
      }
    }
    System.out.printf("%s: lowest cosine %.6f, mean %.6f%n", precision, lowest, sum / TEXTS.size());
    return lowest;
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
}
