package dev.headrace.bench.gpu;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** BERT-base's shape with random weights, of the size that training starts from. */
final class RandomBert {
  static final int HIDDEN = 768;
  static final int LAYERS = 12;
  static final int HEADS = 12;
  static final int INNER = 3072;
  private static final int VOCABULARY = 30522;
  private static final int POSITIONS = 512;

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Random random = new Random(7);

  private RandomBert() {
    matrix("embeddings.word_embeddings.weight", VOCABULARY, HIDDEN);
    matrix("embeddings.position_embeddings.weight", POSITIONS, HIDDEN);
    matrix("embeddings.token_type_embeddings.weight", 2, HIDDEN);
    norm("embeddings.LayerNorm");
    for (int i = 0; i < LAYERS; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String part : List.of("self.query", "self.key", "self.value", "output.dense")) {
        linear(layer + "attention." + part, HIDDEN, HIDDEN);
      }
      norm(layer + "attention.output.LayerNorm");
      linear(layer + "intermediate.dense", INNER, HIDDEN);
      linear(layer + "output.dense", HIDDEN, INNER);
      norm(layer + "output.LayerNorm");
    }
  }

  static ModelDescription describe() {
    Map<String, Tensor> tensors = new RandomBert().tensors;
    EncoderConfig config =
        new EncoderConfig(
            "bert", VOCABULARY, HIDDEN, LAYERS, HEADS, INNER, POSITIONS, 2, "gelu", 1e-12);
    Head head = new Head.Embedding(List.of(Pooling.MEAN), true);
    return new ModelDescription("bert-base-shape", "0", config, POSITIONS, head, files(tensors));
  }

  /** Floating-point operations of the matrix products for one text. */
  static double operations(int tokens) {
    double products = 2.0 * (4.0 * HIDDEN * HIDDEN + 2.0 * HIDDEN * INNER);
    double attention = 4.0 * tokens * HIDDEN;
    return LAYERS * tokens * (products + attention);
  }

  private void linear(String name, int out, int in) {
    matrix(name + ".weight", out, in);
    matrix(name + ".bias", out);
  }

  private void norm(String name) {
    float[] ones = new float[HIDDEN];
    java.util.Arrays.fill(ones, 1);
    tensors.put(name + ".weight", Tensors.of(ones, HIDDEN));
    matrix(name + ".bias", HIDDEN);
  }

  private void matrix(String name, long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements *= (int) size;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) random.nextGaussian() * 0.02f;
    }
    tensors.put(name, Tensors.of(values, shape));
  }

  private static ModelFiles files(Map<String, Tensor> tensors) {
    return new ModelFiles() {
      @Override
      public WeightSource openWeights() {
        return new WeightSource() {
          @Override
          public Set<String> names() {
            return tensors.keySet();
          }

          @Override
          public Optional<Tensor> find(String name) {
            return Optional.ofNullable(tensors.get(name));
          }

          @Override
          public void close() {}
        };
      }

      @Override
      public String tokenizerJson() throws IOException {
        // BERT's own vocabulary, as MiniLM has it.
        return ModelCatalog.builtIn()
            .find("all-minilm-l6-v2")
            .orElseThrow()
            .files()
            .tokenizerJson();
      }
    };
  }
}
