package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;

/** BERT: learned positions, token types, post-norm layers (arXiv 1810.04805; modeling_bert.py). */
final class Bert implements EncoderArchitecture {
  @Override
  public String modelType() {
    return "bert";
  }

  @Override
  public ScriptObject encoder(Parts parts) throws IOException {
    EncoderConfig config = parts.config();
    StringBuilder forward = new StringBuilder();
    forward.append(
        """
        def forward(self: __torch__.Encoder, ids: Tensor, types: Tensor, mask: Optional[Tensor]) -> Tensor:
          x = (self.embeddings).forward(ids, types)
        """);
    for (int i = 0; i < config.layers(); i++) {
      forward.append("  x = (self.layer").append(i).append(").forward(x, mask)\n");
    }
    forward.append("  return x\n");
    ScriptObject encoder = new ScriptObject(new ScriptClass("Encoder", forward.toString()));
    encoder.module("embeddings", embeddings(parts));
    for (int i = 0; i < config.layers(); i++) {
      encoder.module("layer" + i, layer(parts, "encoder.layer." + i));
    }
    return encoder;
  }

  /** Token type 0 is added to the positions beforehand, for most texts have no other. */
  private static ScriptObject embeddings(Parts parts) throws IOException {
    EncoderConfig config = parts.config();
    int hidden = config.hidden();
    float[] positions =
        parts.floats("embeddings.position_embeddings.weight", config.positions(), hidden);
    float[] types =
        parts.floats("embeddings.token_type_embeddings.weight", config.typeVocabulary(), hidden);
    float[] relative = new float[types.length];
    for (int i = 0; i < positions.length; i++) {
      positions[i] += types[i % hidden];
    }
    for (int i = 0; i < types.length; i++) {
      relative[i] = types[i] - types[i % hidden];
    }
    Tensor words = parts.weight("embeddings.word_embeddings.weight", config.vocabulary(), hidden);
    return new ScriptObject(EMBEDDINGS)
        .tensor("words", words)
        .tensor("positions", parts.computed(Tensors.of(positions, config.positions(), hidden)))
        .tensor("types", parts.computed(Tensors.of(relative, config.typeVocabulary(), hidden)))
        .module("norm", parts.layerNorm("embeddings.LayerNorm"));
  }

  private static ScriptObject layer(Parts parts, String name) throws IOException {
    String self = name + ".attention.self.";
    return new ScriptObject(LAYER)
        .module(
            "attention",
            parts.attention(
                self + "query", self + "key", self + "value", name + ".attention.output.dense"))
        .module("norm1", parts.layerNorm(name + ".attention.output.LayerNorm"))
        .module("mlp", parts.mlp(name + ".intermediate.dense", name + ".output.dense"))
        .module("norm2", parts.layerNorm(name + ".output.LayerNorm"));
  }

  private static final ScriptClass EMBEDDINGS =
      new ScriptClass(
          "Embeddings",
          """
          def forward(self: __torch__.Embeddings, ids: Tensor, types: Tensor) -> Tensor:
            tokens = torch.size(ids, 1)
            x = torch.add(torch.embedding(self.words, ids), torch.slice(self.positions, 0, 0, tokens))
            if torch.gt(torch.numel(types), 0):
              x = torch.add(x, torch.embedding(self.types, types))
            else:
              pass
            return (self.norm).forward(x)
          """);

  private static final ScriptClass LAYER =
      new ScriptClass(
          "Layer",
          """
          def forward(self: __torch__.Layer, x: Tensor, mask: Optional[Tensor]) -> Tensor:
            y = (self.norm1).forward((self.attention).forward(x, x, mask))
            return (self.norm2).forward((self.mlp).forward(y, y))
          """);
}
