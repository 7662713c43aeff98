package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.Int8Weight;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Norms and linear layers for one target. A linear layer is a module with
 *
 * <ul>
 *   <li>{@code forward(x)}: {@code x W^T + b}
 *   <li>{@code plus(x, residual)}: {@code residual} added to it
 * </ul>
 *
 * <p>and, with a norm before it, {@code forward(x)}: the product of the normed {@code x}.
 */
final class Projections {
  private final Target target;

  Projections(Target target) {
    this.target = target;
  }

  Tensor as(Tensor tensor) {
    return Tensors.as(target.elementType(), tensor);
  }

  ScriptObject linear(Matrix matrix) throws IOException {
    if (target.precision() == Precision.INT8) {
      return int8(matrix);
    }
    return target.usesOneDnn() ? packed(matrix) : plain(matrix);
  }

  ScriptObject norm(Norm norm) {
    String name = norm.bias().isPresent() ? "LayerNorm" : "RmsNorm";
    name += norm.weight().size(0);
    String methods =
        """
        def forward(self: __torch__.%s, x: Tensor) -> Tensor:
          return %s
        """
            .formatted(name, norm.source());
    ScriptObject object =
        new ScriptObject(new ScriptClass(name, methods)).tensor("g", as(norm.weight()));
    norm.bias().ifPresent(bias -> object.tensor("h", as(bias)));
    return object;
  }

  /** A linear layer behind a norm. */
  ScriptObject normed(Norm norm, Matrix matrix) throws IOException {
    ScriptObject linear = linear(matrix);
    ScriptObject before = norm(norm);
    String name = "Normed" + linear.type().name();
    String methods =
        """
        def forward(self: __torch__.%s, x: Tensor) -> Tensor:
          return (self.linear).forward((self.norm).forward(x))
        """
            .formatted(name);
    return new ScriptObject(new ScriptClass(name, methods))
        .module("norm", before)
        .module("linear", linear);
  }

  private ScriptObject plain(Matrix matrix) {
    String name = matrix.bias().isPresent() ? "BiasedLinear" : "Linear";
    String methods =
        """
        def forward(self: __torch__.NAME, x: Tensor) -> Tensor:
          return torch.linear(x, self.w, BIAS)
        def plus(self: __torch__.NAME, x: Tensor, residual: Tensor) -> Tensor:
          return torch.add_(torch.linear(x, self.w, BIAS), residual)
        """
            .replace("NAME", name)
            .replace("BIAS", matrix.bias().isPresent() ? "self.b" : "None");
    ScriptObject object =
        new ScriptObject(new ScriptClass(name, methods)).tensor("w", as(matrix.weight()));
    matrix.bias().ifPresent(bias -> object.tensor("b", as(bias)));
    return object;
  }

  /**
   * int8 by FBGEMM. Each token is divided by its largest value and quantised on a fixed scale,
   * never on the range of what runs beside it: a token's result is the same to the bit in every
   * batch.
   */
  private ScriptObject int8(Matrix matrix) throws IOException {
    boolean biased = matrix.bias().isPresent();
    String name = biased ? "BiasedLinearInt8" : "LinearInt8";
    int levels = target.reducesInt8Range() ? 63 : 127;
    String methods =
        """
        def forward(self: __torch__.NAME, x: Tensor) -> Tensor:
          m = torch.clamp_min(torch.amax(torch.abs(x), [-1], True), 1e-9)
          y = ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(torch.div(x, m), STEP, ZERO, self.p)
          return RESULT
        def plus(self: __torch__.NAME, x: Tensor, residual: Tensor) -> Tensor:
          return torch.add_((self).forward(x), residual)
        """
            .replace("RESULT", biased ? "torch.add_(torch.mul_(y, m), self.b)" : "torch.mul_(y, m)")
            .replace("NAME", name)
            .replace("STEP", Double.toString(1.0 / levels))
            .replace("ZERO", Integer.toString(levels + 1));
    Tensor bias = matrix.bias().orElse(Tensors.of(new float[1], 1));
    return Int8Weight.layer(name, matrix.weight(), bias, false, methods);
  }

  /** oneDNN with weights packed when the model is loaded, as the encoders' linear layers. */
  private ScriptObject packed(Matrix matrix) {
    boolean biased = matrix.bias().isPresent();
    String methods =
        """
        def __getstate__(self: __torch__.NAME) -> STATE:
          return (self.w, SECOND)
        def __setstate__(self: __torch__.NAME, state: STATE) -> None:
          w, b, = state
          self.w = ops.mkldnn._reorder_linear_weight(w, None)
          KEEP
        def forward(self: __torch__.NAME, x: Tensor) -> Tensor:
          none = annotate(List[Optional[number]], [])
          return ops.mkldnn._linear_pointwise(x, self.w, BIAS, "none", none, "")
        def plus(self: __torch__.NAME, x: Tensor, residual: Tensor) -> Tensor:
          return ops.mkldnn._linear_pointwise(x, residual, self.w, BIAS, "add")
        """
            .replace("NAME", biased ? "BiasedLinearDnn" : "LinearDnn")
            .replace("STATE", "Tuple[Tensor, Tensor]")
            .replace("SECOND", biased ? "self.b" : "self.w")
            .replace("KEEP", biased ? "self.b = b" : "pass")
            .replace("BIAS", biased ? "self.b" : "None");
    List<Tensor> state = new ArrayList<>();
    state.add(as(matrix.weight()));
    state.add(as(matrix.bias().orElse(Tensors.of(new float[1], 1))));
    return new ScriptObject(
            new ScriptClass(
                biased ? "BiasedLinearDnn" : "LinearDnn",
                biased ? "w : Tensor\nb : Tensor" : "w : Tensor",
                methods))
        .state(state);
  }
}
