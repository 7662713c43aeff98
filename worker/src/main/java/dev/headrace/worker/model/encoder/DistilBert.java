package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.List;

/**
 * DistilBERT: half of BERT's layers, no token types, names of its own (arXiv 1910.01108;
 * modeling_distilbert.py).
 */
final class DistilBert implements EncoderArchitecture {
  /** Not in {@code config.json}. */
  private static final double NORM_EPSILON = 1e-12;

  @Override
  public List<String> modelTypes() {
    return List.of("distilbert");
  }

  @Override
  public String prefix() {
    return "distilbert.";
  }

  @Override
  public EncoderConfig shape(HfConfig c) throws IOException {
    int hidden = c.integer("dim", 1, Shapes.MAX_WIDTH);
    return new EncoderConfig(
        c.string("model_type"),
        c.integer("vocab_size", 1, Shapes.MAX_VOCABULARY),
        hidden,
        c.integer("n_layers", 1, Shapes.MAX_LAYERS),
        Shapes.heads(c, "n_heads", hidden),
        c.integer("hidden_dim", 1, Shapes.MAX_WIDTH),
        c.integer("max_position_embeddings", 2, Shapes.MAX_POSITIONS),
        1,
        c.string("activation", "gelu"),
        NORM_EPSILON);
  }

  @Override
  public ScriptObject encoder(Parts parts) throws IOException {
    return PostNorm.encoder(
        parts, Embeddings.fromZero(parts, false), i -> layer("transformer.layer." + i));
  }

  private static PostNorm.LayerNames layer(String name) {
    return new PostNorm.LayerNames(
        name + ".attention.q_lin",
        name + ".attention.k_lin",
        name + ".attention.v_lin",
        name + ".attention.out_lin",
        name + ".sa_layer_norm",
        name + ".ffn.lin1",
        name + ".ffn.lin2",
        name + ".output_layer_norm");
  }

  @Override
  public boolean packs() {
    return true;
  }

  @Override
  public ScriptObject classifier(Parts parts, int labels) throws IOException {
    return parts.classifier("pre_classifier", "torch.relu(h)", "classifier", labels);
  }

  @Override
  public Predictions predictions(EncoderConfig config) {
    return new Predictions(
        "vocab_transform",
        true,
        "vocab_layer_norm",
        true,
        false,
        "vocab_projector",
        "vocab_projector.bias",
        Predictions.WORDS);
  }
}
