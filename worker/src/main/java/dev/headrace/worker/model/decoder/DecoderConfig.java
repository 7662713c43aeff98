package dev.headrace.worker.model.decoder;

import java.util.Map;

/**
 * The shape of a decoder, as {@code config.json} or the metadata of a GGUF file gives it.
 *
 * @param modelType the architecture: {@code model_type}
 * @param vocabulary rows of the word embeddings, and logits
 * @param hidden width of the hidden states
 * @param layers number of transformer layers
 * @param heads query heads; a multiple of {@code kvHeads}
 * @param kvHeads key and value heads
 * @param headSize width of a head; {@code heads * headSize} need not be {@code hidden}
 * @param intermediate width inside the feed-forward part
 * @param positions the most tokens of a sequence
 * @param activation {@code hidden_act}
 * @param normEpsilon of all norms
 * @param rope rotary positions; {@link Rope#NONE} where positions are learned
 * @param window how many tokens a token sees, itself included; 0 for all
 * @param windowFrom the first layer that has the window
 * @param tied whether the output head is the word embeddings
 * @param own flags that only some architectures have, such as {@code attention_bias}
 */
public record DecoderConfig(
    String modelType,
    int vocabulary,
    int hidden,
    int layers,
    int heads,
    int kvHeads,
    int headSize,
    int intermediate,
    int positions,
    String activation,
    double normEpsilon,
    Rope rope,
    int window,
    int windowFrom,
    boolean tied,
    Map<String, Boolean> own) {

  public DecoderConfig {
    own = Map.copyOf(own);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "num_key_value_heads: " + kvHeads + " (expected: a divisor of " + heads + " heads)");
    }
    if (rope.dimensions() > headSize) {
      throw new IllegalArgumentException(
          "rotary dimensions: " + rope.dimensions() + " (expected: <= head size " + headSize + ")");
    }
  }

  /** Query heads for each key and value head. */
  public int groups() {
    return heads / kvHeads;
  }

  /** A flag that only some architectures have; false where it is not set. */
  public boolean has(String flag) {
    return own.getOrDefault(flag, false);
  }

  /** Keys and values of one token, in elements, over all layers. */
  public long kvElements() {
    return 2L * layers * kvHeads * headSize;
  }

  /** How many tokens a token of this layer sees, itself included; 0 for all. */
  public int window(int layer) {
    return layer >= windowFrom ? window : 0;
  }
}
