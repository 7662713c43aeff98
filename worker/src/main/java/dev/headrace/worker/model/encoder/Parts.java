package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts that encoders share, made from named weights in one precision. Every part is a
 * TorchScript module with {@code forward}; all tensors inside are {@code [batch, tokens,
 * features]}.
 */
final class Parts {
  private final EncoderConfig config;
  private final WeightSource weights;
  private final Precision precision;

  Parts(EncoderConfig config, WeightSource weights, Precision precision) {
    this.config = config;
    this.weights = weights;
    this.precision = precision;
  }

  EncoderConfig config() {
    return config;
  }

  WeightSource weights() {
    return weights;
  }

  /** The type of everything that is not an int8 linear layer. */
  ElementType elementType() {
    return switch (precision) {
      case FLOAT32, INT8 -> ElementType.FLOAT32;
      case FLOAT16 -> ElementType.FLOAT16;
      case BFLOAT16 -> ElementType.BFLOAT16;
    };
  }

  /** A weight in the model's element type. */
  Tensor weight(String name, long... shape) throws IOException {
    return Tensors.as(elementType(), weights.require(name, shape));
  }

  /** {@code x W^T + b} with weight {@code [out, in]} and bias {@code [out]}. */
  ScriptObject linear(String name, int in, int out) throws IOException {
    return linear(List.of(name), in, out);
  }

  /** Several linear layers over the same input as one, their outputs side by side. */
  ScriptObject linear(List<String> names, int in, int out) throws IOException {
    List<Tensor> matrices = new ArrayList<>();
    List<Tensor> biases = new ArrayList<>();
    for (String name : names) {
      matrices.add(weights.require(name + ".weight", out, in));
      biases.add(weights.require(name + ".bias", out));
    }
    Tensor matrix = Tensors.concat(matrices);
    Tensor bias = Tensors.concat(biases);
    if (precision == Precision.INT8) {
      return Int8Linear.of(matrix, bias);
    }
    return new ScriptObject(LINEAR)
        .tensor("w", Tensors.as(elementType(), matrix))
        .tensor("b", Tensors.as(elementType(), bias));
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

  /** Multi-head self-attention: one matrix for query, key and value, then the output projection. */
  ScriptObject attention(String query, String key, String value, String output) throws IOException {
    int hidden = config.hidden();
    String forward =
        """
        def forward(self: __torch__.Attention, x: Tensor, mask: Optional[Tensor]) -> Tensor:
          batch = torch.size(x, 0)
          tokens = torch.size(x, 1)
          qkv = torch.view((self.qkv).forward(x), [batch, tokens, 3, %d, %d])
          parts = torch.unbind(torch.permute(qkv, [2, 0, 3, 1, 4]), 0)
          a = torch.scaled_dot_product_attention(parts[0], parts[1], parts[2], mask)
          joined = torch.reshape(torch.transpose(a, 1, 2), [batch, tokens, %d])
          return (self.out).forward(joined)
        """
            .formatted(config.heads(), config.headSize(), hidden);
    return new ScriptObject(new ScriptClass("Attention", forward))
        .module("qkv", linear(List.of(query, key, value), hidden, hidden))
        .module("out", linear(output, hidden, hidden));
  }

  /** The feed-forward part: up, activation, down. */
  ScriptObject mlp(String up, String down) throws IOException {
    String forward =
        """
        def forward(self: __torch__.Mlp, x: Tensor) -> Tensor:
          return (self.down).forward(%s)
        """
            .formatted(Activations.apply(config.activation(), "(self.up).forward(x)"));
    return new ScriptObject(new ScriptClass("Mlp", forward))
        .module("up", linear(up, config.hidden(), config.intermediate()))
        .module("down", linear(down, config.intermediate(), config.hidden()));
  }

  private static final ScriptClass LINEAR =
      new ScriptClass(
          "Linear",
          """
          def forward(self: __torch__.Linear, x: Tensor) -> Tensor:
            return torch.linear(x, self.w, self.b)
          """);
}
