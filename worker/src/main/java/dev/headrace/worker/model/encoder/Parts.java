package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts that encoders share, made from named weights for one target. Every part is a
 * TorchScript module with {@code forward}; all tensors between them are {@code [batch, tokens,
 * hidden]}.
 */
final class Parts {
  private final EncoderConfig config;
  private final WeightSource weights;
  private final LinearLayers linears;

  Parts(EncoderConfig config, WeightSource weights, Target target) throws IOException {
    this.config = config;
    this.weights = weights;
    this.linears = new LinearLayers(target, Activation.named(config.activation()));
  }

  EncoderConfig config() {
    return config;
  }

  /** A weight in the model's element type; its shape is checked. */
  Tensor weight(String name, long... shape) throws IOException {
    return computed(weights.require(name, shape));
  }

  /** A weight that fits in memory, as float32, to compute with. */
  float[] floats(String name, long... shape) throws IOException {
    return weights.require(name, shape).toFloats();
  }

  /** A tensor in the model's element type. */
  Tensor computed(Tensor tensor) {
    return Tensors.as(linears.elementType(), tensor);
  }

  /** Several linear layers over the same input as one, their outputs side by side. */
  private ScriptObject linear(List<String> names, int in, int out, boolean spread)
      throws IOException {
    List<Tensor> matrices = new ArrayList<>();
    List<Tensor> biases = new ArrayList<>();
    for (String name : names) {
      matrices.add(weights.require(name + ".weight", out, in));
      biases.add(weights.require(name + ".bias", out));
    }
    return linears.of(Tensors.concat(matrices), Tensors.concat(biases), spread);
  }

  ScriptObject layerNorm(String name) throws IOException {
    String forward =
        """
        def forward(self: __torch__.LayerNorm, x: Tensor) -> Tensor:
          return torch.layer_norm(x, [%d], self.w, self.b, %s)
        """
            .formatted(config.hidden(), config.normEpsilon());
    return new ScriptObject(new ScriptClass("LayerNorm", forward))
        .tensor("w", weight(name + ".weight", config.hidden()))
        .tensor("b", weight(name + ".bias", config.hidden()));
  }

  /**
   * Multi-head self-attention of {@code x}, added to {@code residual}. One matrix for query, key
   * and value. {@code mask [batch, 1, 1, tokens] bool}, true at tokens that are not padding.
   */
  ScriptObject attention(String query, String key, String value, String output) throws IOException {
    int hidden = config.hidden();
    String forward =
        """
        def forward(self: __torch__.Attention, x: Tensor, residual: Tensor, mask: Optional[Tensor]) -> Tensor:
          batch = torch.size(x, 0)
          tokens = torch.size(x, 1)
          qkv = torch.view((self.qkv).forward(x), [batch, tokens, 3, %d, %d])
          parts = torch.unbind(torch.permute(qkv, [2, 0, 3, 1, 4]), 0)
          a = torch.scaled_dot_product_attention(parts[0], parts[1], parts[2], mask)
          joined = torch.reshape(torch.transpose(a, 1, 2), [batch, tokens, %d])
          return (self.out).plus(joined, residual)
        """
            .formatted(config.heads(), config.headSize(), hidden);
    return new ScriptObject(new ScriptClass("Attention", forward))
        .module("qkv", linear(List.of(query, key, value), hidden, hidden, false))
        .module("out", linear(List.of(output), hidden, hidden, false));
  }

  /** The feed-forward part of {@code x}, added to {@code residual}: up, activation, down. */
  ScriptObject mlp(String up, String down) throws IOException {
    String forward =
        """
        def forward(self: __torch__.Mlp, x: Tensor, residual: Tensor) -> Tensor:
          return (self.down).plus((self.up).activated(x), residual)
        """;
    int hidden = config.hidden();
    return new ScriptObject(new ScriptClass("Mlp", forward))
        .module("up", linear(List.of(up), hidden, config.intermediate(), true))
        .module("down", linear(List.of(down), config.intermediate(), hidden, true));
  }
}
