package dev.headrace.worker.model;

import java.util.Map;

/**
 * The shape of an encoder, as {@code config.json} of a Hugging Face folder gives it.
 *
 * @param modelType the architecture: {@code model_type}
 * @param vocabulary rows of the word embeddings
 * @param hidden width of the hidden states
 * @param layers number of transformer layers
 * @param heads attention heads; divides {@code hidden}
 * @param intermediate width inside the feed-forward part
 * @param positions the most tokens of a row
 * @param typeVocabulary rows of the token type embeddings
 * @param activation {@code hidden_act}
 * @param normEpsilon {@code layer_norm_eps}
 * @param own numbers that only its architecture has, under their names in {@code config.json};
 *     flags are 0 or 1
 */
public record EncoderConfig(
    String modelType,
    int vocabulary,
    int hidden,
    int layers,
    int heads,
    int intermediate,
    int positions,
    int typeVocabulary,
    String activation,
    double normEpsilon,
    Map<String, Double> own) {

  public EncoderConfig {
    own = Map.copyOf(own);
    atLeastOne("vocab_size", vocabulary);
    atLeastOne("hidden_size", hidden);
    atLeastOne("num_hidden_layers", layers);
    atLeastOne("num_attention_heads", heads);
    atLeastOne("intermediate_size", intermediate);
    atLeastOne("max_position_embeddings", positions);
    atLeastOne("type_vocab_size", typeVocabulary);
    if (hidden % heads != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads: " + heads + " (expected: a divisor of hidden_size " + hidden + ")");
    }
    if (!(normEpsilon > 0 && normEpsilon < 1)) {
      throw new IllegalArgumentException("layer_norm_eps: " + normEpsilon + " (expected: 0..1)");
    }
  }

  /** The shape of an encoder that has no numbers of its own. */
  public EncoderConfig(
      String modelType,
      int vocabulary,
      int hidden,
      int layers,
      int heads,
      int intermediate,
      int positions,
      int typeVocabulary,
      String activation,
      double normEpsilon) {
    this(
        modelType,
        vocabulary,
        hidden,
        layers,
        heads,
        intermediate,
        positions,
        typeVocabulary,
        activation,
        normEpsilon,
        Map.of());
  }

  /** A number that only this architecture has. */
  public double own(String name) {
    Double value = own.get(name);
    if (value == null) {
      throw new IllegalArgumentException(name + ": missing (expected: some of " + own + ")");
    }
    return value;
  }

  public int headSize() {
    return hidden / heads;
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
    }
  }
}
