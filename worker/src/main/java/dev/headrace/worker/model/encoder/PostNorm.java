package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Encoders whose layers normalise after they add, as BERT's do. */
final class PostNorm {
  private PostNorm() {}

  /** The names of a layer's weights, without {@code .weight} and {@code .bias}. */
  record LayerNames(
      String query,
      String key,
      String value,
      String attentionOutput,
      String attentionNorm,
      String up,
      String down,
      String outputNorm) {}

  static ScriptObject encoder(
      Parts parts, ScriptObject embeddings, IntFunction<LayerNames> layerNames) throws IOException {
    return parts.packed()
        ? PackedPostNorm.encoder(parts, embeddings, layerNames)
        : encoder(parts, embeddings, null, layerNames);
  }

  /**
   * An encoder whose attention scores get a bias.
   *
   * @param bias a module {@code forward(ids, mask) -> [batch or 1, heads, tokens, tokens]}, minus
   *     infinity or nearly so at padding; null for none
   */
  static ScriptObject encoder(
      Parts parts,
      ScriptObject embeddings,
      @Nullable ScriptObject bias,
      IntFunction<LayerNames> layerNames)
      throws IOException {
    int layers = parts.config().layers();
    StringBuilder forward = new StringBuilder();
    forward.append(
        """
        def forward(self: __torch__.Encoder, ids: Tensor, types: Tensor, mask: Optional[Tensor]) -> Tensor:
          x = (self.embeddings).forward(ids, types)
        """);
    if (bias != null) {
      forward.append("  bias = (self.bias).forward(ids, mask)\n");
    }
    for (int i = 0; i < layers; i++) {
      forward.append(
          "  x = (self.layer%d).forward(x, %s)\n".formatted(i, bias == null ? "mask" : "bias"));
    }
    forward.append("  return x\n");
    ScriptObject encoder = new ScriptObject(new ScriptClass("Encoder", forward.toString()));
    encoder.module("embeddings", embeddings);
    if (bias != null) {
      encoder.module("bias", bias);
    }
    for (int i = 0; i < layers; i++) {
      encoder.module("layer" + i, layer(parts, layerNames.apply(i)));
    }
    return encoder;
  }

  private static ScriptObject layer(Parts parts, LayerNames names) throws IOException {
    return new ScriptObject(LAYER)
        .module(
            "attention",
            parts.attention(names.query(), names.key(), names.value(), names.attentionOutput()))
        .module("norm1", parts.layerNorm(names.attentionNorm()))
        .module("mlp", parts.mlp(names.up(), names.down()))
        .module("norm2", parts.layerNorm(names.outputNorm()));
  }

  private static final ScriptClass LAYER =
      new ScriptClass(
          "Layer",
          """
          def forward(self: __torch__.Layer, x: Tensor, mask: Optional[Tensor]) -> Tensor:
            y = (self.norm1).forward((self.attention).forward(x, x, mask))
            return (self.norm2).forward((self.mlp).forward(y, y))
          """);
}
