package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.Map;

/** Reads {@code config.json} with the keys that BERT introduced and most others kept. */
final class Shapes {
  static final int MAX_VOCABULARY = 1 << 22;
  static final int MAX_WIDTH = 1 << 16;
  static final int MAX_LAYERS = 1 << 10;
  static final int MAX_POSITIONS = 1 << 20;
  private static final int MAX_TYPES = 1 << 10;

  private Shapes() {}

  /**
   * The shape of a BERT or a relative of it.
   *
   * @param before rows of the position table that no token has
   * @param defaultEpsilon {@code layer_norm_eps} where the file has none
   */
  static EncoderConfig bertLike(
      HfConfig c, int before, double defaultEpsilon, Map<String, Double> own)
      throws MalformedModelException {
    refuse(c, "is_decoder");
    refuse(c, "add_cross_attention");
    String positions = c.string("position_embedding_type", "absolute");
    if (!positions.equals("absolute")) {
      throw c.malformed("position_embedding_type", positions, "absolute");
    }
    int hidden = c.integer("hidden_size", 1, MAX_WIDTH);
    return new EncoderConfig(
        c.string("model_type"),
        c.integer("vocab_size", 1, MAX_VOCABULARY),
        hidden,
        c.integer("num_hidden_layers", 1, MAX_LAYERS),
        heads(c, "num_attention_heads", hidden),
        c.integer("intermediate_size", 1, MAX_WIDTH),
        c.integer("max_position_embeddings", 2 + before, MAX_POSITIONS) - before,
        c.integer("type_vocab_size", 1, MAX_TYPES, 2),
        c.string("hidden_act", "gelu"),
        epsilon(c, "layer_norm_eps", defaultEpsilon),
        own);
  }

  static double epsilon(HfConfig c, String key, double fallback) throws MalformedModelException {
    double value = c.number(key, fallback);
    if (!(value > 0 && value < 1)) {
      throw c.malformed(key, value, "above 0, below 1");
    }
    return value;
  }

  /** The number of heads, which divides the width. */
  static int heads(HfConfig c, String key, int hidden) throws MalformedModelException {
    int heads = c.integer(key, 1, hidden);
    if (hidden % heads != 0) {
      throw c.malformed(key, heads, "a divisor of the width " + hidden);
    }
    return heads;
  }

  static void refuse(HfConfig c, String flag) throws MalformedModelException {
    if (c.flag(flag, false)) {
      throw c.malformed(flag, true, "false: an encoder");
    }
  }
}
