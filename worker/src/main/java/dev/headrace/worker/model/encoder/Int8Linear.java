package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Int8Tensor;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.List;

/**
 * A linear layer in int8: weights quantised here, per output channel and symmetric; activations
 * quantised by libtorch for each batch. libtorch packs the weights for FBGEMM when it loads them.
 */
final class Int8Linear {
  private static final ScriptClass TYPE =
      new ScriptClass(
          "LinearInt8",
          "p : __torch__.torch.classes.quantized.LinearPackedParamsBase",
          """
          def __getstate__(self: __torch__.LinearInt8) -> Tuple[Tensor, Tensor, Tensor]:
            packed = ops.quantized.linear_unpack(self.p)
            return (packed[0], packed[0], packed[0])
          def __setstate__(self: __torch__.LinearInt8, state: Tuple[Tensor, Tensor, Tensor]) -> None:
            w, scale, b, = state
            zero = torch.zeros_like(scale, dtype=4)
            q = torch._make_per_channel_quantized_tensor(w, scale, zero, 0)
            self.p = ops.quantized.linear_prepack(q, b)
          def forward(self: __torch__.LinearInt8, x: Tensor) -> Tensor:
            return ops.quantized.linear_dynamic(x, self.p, False)
          """);

  private Int8Linear() {}

  static ScriptObject of(Tensor matrix, Tensor bias) throws IOException {
    Int8Tensor quantised = Int8Tensor.perRow(matrix);
    return new ScriptObject(TYPE)
        .state(List.of(quantised, quantised.scales(), Tensors.of(bias.toFloats(), bias.size(0))));
  }
}
