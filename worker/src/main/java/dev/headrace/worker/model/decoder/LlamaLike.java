package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.Map;

/**
 * What the relatives of Llama share: their keys in {@code config.json}, the names of their weights,
 * and layers that norm, attend and feed forward through a gate.
 */
abstract class LlamaLike implements DecoderArchitecture {
  /** Sliding windows: how many tokens, and from which layer on. */
  record Window(int tokens, int fromLayer) {
    static final Window NONE = new Window(0, 0);
  }

  @Override
  public DecoderConfig shape(HfConfig c, int longest) throws IOException {
    int hidden = c.integer("hidden_size", 1, Limits.WIDTH);
    int heads = c.integer("num_attention_heads", 1, Limits.HEADS);
    int headSize = c.integer("head_dim", 1, Limits.HEAD_SIZE, Math.max(1, hidden / heads));
    if (!c.has("head_dim") && hidden % heads != 0) {
      throw c.malformed("num_attention_heads", heads, "a divisor of the width " + hidden);
    }
    int positions = c.integer("max_position_embeddings", 2, Limits.POSITIONS);
    Window window = window(c);
    return new DecoderConfig(
        c.string("model_type"),
        c.integer("vocab_size", 1, Limits.VOCABULARY),
        hidden,
        c.integer("num_hidden_layers", 1, Limits.LAYERS),
        heads,
        c.integer("num_key_value_heads", 1, heads, heads),
        headSize,
        c.integer("intermediate_size", 1, Limits.WIDTH),
        RopeScaling.positions(c, positions),
        c.string("hidden_act", "silu"),
        epsilon(c, "rms_norm_eps", 1e-6),
        RopeScaling.read(c, headSize, positions, longest),
        window.tokens(),
        window.fromLayer(),
        c.flag("tie_word_embeddings", tiedByDefault()),
        flags(c));
  }

  boolean tiedByDefault() {
    return false;
  }

  Window window(HfConfig c) throws MalformedModelException {
    return Window.NONE;
  }

  Map<String, Boolean> flags(HfConfig c) throws MalformedModelException {
    return Map.of();
  }

  static double epsilon(HfConfig c, String key, double fallback) throws MalformedModelException {
    double value = c.number(key, fallback);
    if (!(value > 0 && value < 1)) {
      throw c.malformed(key, value, "above 0, below 1");
    }
    return value;
  }

  @Override
  public String embeddings() {
    return "model.embed_tokens.weight";
  }

  @Override
  public Norm norm(DecoderParts parts) throws IOException {
    return parts.rmsNorm("model.norm.weight", parts.config().hidden());
  }

  @Override
  public ScriptObject layer(DecoderParts parts, int index) throws IOException {
    String name = "model.layers." + index + ".";
    int hidden = parts.config().hidden();
    Norm first = parts.rmsNorm(name + "input_layernorm.weight", hidden);
    Norm second = parts.rmsNorm(name + "post_attention_layernorm.weight", hidden);
    return parts.layer(
        attention(parts, name + "self_attn.", first, index),
        feedForward(parts, name + "mlp.", second));
  }

  abstract ScriptObject attention(DecoderParts parts, String name, Norm before, int index)
      throws IOException;

  ScriptObject feedForward(DecoderParts parts, String name, Norm before) throws IOException {
    boolean bias = parts.config().has("mlp_bias");
    return parts.gatedMlp(
        before,
        parts.gateAndUp(name + "gate_proj", name + "up_proj", bias),
        parts.down(name + "down_proj", bias));
  }
}
