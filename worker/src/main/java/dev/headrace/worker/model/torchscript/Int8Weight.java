package dev.headrace.worker.model.torchscript;

import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.Int8Tensor;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.List;

/**
 * How linear layers keep int8 weights: quantised here, per output channel and symmetric, and packed
 * for FBGEMM when the model is loaded.
 */
public final class Int8Weight {
  private static final String DECLARATIONS =
      "b : Tensor\np : __torch__.torch.classes.quantized.LinearPackedParamsBase";

  private Int8Weight() {}

  /**
   * A layer.
   *
   * @param name of its class
   * @param matrix {@code [out, in]}; in the code {@code self.p}, packed
   * @param bias {@code [out]}; in the code {@code self.b} in float32
   * @param packsBias whether the bias is packed with the matrix: the product includes it then
   * @param methods what the layer computes
   */
  public static ScriptObject layer(
      String name, Tensor matrix, Tensor bias, boolean packsBias, String methods)
      throws IOException {
    String keep =
        """
        def __getstate__(self: __torch__.NAME) -> Tuple[Tensor, Tensor, Tensor]:
          return (self.b, self.b, self.b)
        def __setstate__(self: __torch__.NAME, state: Tuple[Tensor, Tensor, Tensor]) -> None:
          w, scale, b, = state
          zero = torch.zeros_like(scale, dtype=4)
          q = torch._make_per_channel_quantized_tensor(w, scale, zero, 0)
          self.p = ops.quantized.linear_prepack(q, BIAS)
          self.b = b
        """
            .replace("NAME", name)
            .replace("BIAS", packsBias ? "b" : "None");
    Int8Tensor quantised = Int8Tensor.perRow(matrix);
    return new ScriptObject(new ScriptClass(name, DECLARATIONS, keep + methods))
        .state(List.of(quantised, quantised.scales(), Tensors.as(ElementType.FLOAT32, bias)));
  }
}
