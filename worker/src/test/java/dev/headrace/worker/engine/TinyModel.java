package dev.headrace.worker.engine;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** A BERT of random weights, small enough to run thousands of batches a second. */
final class TinyModel {
  static final int VOCABULARY = 50;
  private static final int HIDDEN = 32;
  private static final int INNER = 64;
  private static final int POSITIONS = 64;

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Random random = new Random(11);

  private TinyModel() {
    matrix("embeddings.word_embeddings.weight", VOCABULARY, HIDDEN);
    matrix("embeddings.position_embeddings.weight", POSITIONS, HIDDEN);
    matrix("embeddings.token_type_embeddings.weight", 2, HIDDEN);
    norm("embeddings.LayerNorm");
    for (int i = 0; i < 2; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String part : new String[] {"self.query", "self.key", "self.value", "output.dense"}) {
        linear(layer + "attention." + part, HIDDEN, HIDDEN);
      }
      norm(layer + "attention.output.LayerNorm");
      linear(layer + "intermediate.dense", INNER, HIDDEN);
      linear(layer + "output.dense", HIDDEN, INNER);
      norm(layer + "output.LayerNorm");
    }
  }

  static ModelDescription describe() {
    return describe(new TinyModel().tensors);
  }

  /** The model with one tensor missing. */
  static ModelDescription without(String name) {
    TinyModel model = new TinyModel();
    model.tensors.remove(name);
    return describe(model.tensors);
  }

  /** Texts of random length and ids. */
  static List<TokenizedText> texts(Random random, int count, int longest) {
    List<TokenizedText> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] ids = random.ints(1 + random.nextInt(longest), 0, VOCABULARY).toArray();
      texts.add(new TokenizedText(ids, false));
    }
    return texts;
  }

  private static ModelDescription describe(Map<String, Tensor> tensors) {
    EncoderConfig config =
        new EncoderConfig("bert", VOCABULARY, HIDDEN, 2, 4, INNER, POSITIONS, 2, "gelu", 1e-12);
    Head head = new Head.Embedding(List.of(Pooling.MEAN), true);
    return new ModelDescription("tiny", "0", config, POSITIONS, head, files(tensors));
  }

  private void linear(String name, int out, int in) {
    matrix(name + ".weight", out, in);
    matrix(name + ".bias", out);
  }

  private void norm(String name) {
    matrix(name + ".weight", HIDDEN);
    matrix(name + ".bias", HIDDEN);
  }

  private void matrix(String name, long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements *= (int) size;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) random.nextGaussian() * 0.3f;
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
      public String tokenizerJson() {
        throw new UnsupportedOperationException("the tiny model has no tokenizer");
      }
    };
  }
}
