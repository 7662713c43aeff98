package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** BERT: learned positions, token types, post-norm layers (arXiv 1810.04805; modeling_bert.py). */
final class Bert implements EncoderArchitecture {
  @Override
  public List<String> modelTypes() {
    return List.of("bert");
  }

  @Override
  public String prefix() {
    return "bert.";
  }

  @Override
  public EncoderConfig shape(HfConfig config) throws IOException {
    return Shapes.bertLike(config, 0, 1e-12, Map.of());
  }

  @Override
  public ScriptObject encoder(Parts parts) throws IOException {
    return PostNorm.encoder(
        parts, Embeddings.fromZero(parts, true), i -> layer("encoder.layer." + i));
  }

  /** The names of a layer's weights, which RoBERTa kept. */
  static PostNorm.LayerNames layer(String name) {
    String self = name + ".attention.self.";
    return new PostNorm.LayerNames(
        self + "query",
        self + "key",
        self + "value",
        name + ".attention.output.dense",
        name + ".attention.output.LayerNorm",
        name + ".intermediate.dense",
        name + ".output.dense",
        name + ".output.LayerNorm");
  }

  @Override
  public boolean packs() {
    return true;
  }

  @Override
  public ScriptObject classifier(Parts parts, int labels) throws IOException {
    return parts.classifier("bert.pooler.dense", "torch.tanh(h)", "classifier", labels);
  }

  @Override
  public Predictions predictions(EncoderConfig config) {
    String head = "cls.predictions.";
    return new Predictions(
        head + "transform.dense",
        true,
        head + "transform.LayerNorm",
        true,
        false,
        head + "decoder",
        head + "bias",
        Predictions.WORDS);
  }
}
