package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * GPT-2: learned positions, layer norms, a plain feed-forward part, and matrices that are stored
 * {@code [in, out]} (modeling_gpt2.py, Conv1D).
 */
final class Gpt2 implements DecoderArchitecture {
  @Override
  public List<String> modelTypes() {
    return List.of("gpt2");
  }

  @Override
  public DecoderConfig shape(HfConfig c, int longest) throws IOException {
    int hidden = c.integer("n_embd", 1, Limits.WIDTH);
    int heads = c.integer("n_head", 1, Limits.HEADS);
    if (hidden % heads != 0) {
      throw c.malformed("n_head", heads, "a divisor of the width " + hidden);
    }
    expect(c, "scale_attn_weights", true);
    expect(c, "scale_attn_by_inverse_layer_idx", false);
    expect(c, "add_cross_attention", false);
    return new DecoderConfig(
        c.string("model_type"),
        c.integer("vocab_size", 1, Limits.VOCABULARY),
        hidden,
        c.integer("n_layer", 1, Limits.LAYERS),
        heads,
        heads,
        hidden / heads,
        c.integer("n_inner", 1, Limits.WIDTH, 4 * hidden),
        c.integer("n_positions", 2, Limits.POSITIONS),
        c.string("activation_function", "gelu_new"),
        LlamaLike.epsilon(c, "layer_norm_epsilon", 1e-5),
        Rope.NONE,
        0,
        0,
        c.flag("tie_word_embeddings", true),
        Map.of());
  }

  private static void expect(HfConfig c, String flag, boolean value)
      throws MalformedModelException {
    if (c.flag(flag, value) != value) {
      throw c.malformed(flag, !value, Boolean.toString(value));
    }
  }

  @Override
  public String embeddings() {
    return "transformer.wte.weight";
  }

  @Override
  public String positions() {
    return "transformer.wpe.weight";
  }

  @Override
  public Norm norm(DecoderParts parts) throws IOException {
    return parts.layerNorm("transformer.ln_f");
  }

  @Override
  public ScriptObject layer(DecoderParts parts, int index) throws IOException {
    String name = "transformer.h." + index + ".";
    int hidden = parts.config().hidden();
    int inner = parts.config().intermediate();
    return parts.layer(
        parts.attention(
            parts.layerNorm(name + "ln_1"),
            parts.transposed(name + "attn.c_attn", hidden, 3 * hidden),
            parts.transposed(name + "attn.c_proj", hidden, hidden),
            index),
        parts.mlp(
            parts.layerNorm(name + "ln_2"),
            parts.transposed(name + "mlp.c_fc", hidden, inner),
            parts.transposed(name + "mlp.c_proj", inner, hidden)));
  }
}
