package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
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

  /** The type of all that is not an int8 weight. */
  ElementType elementType() {
    return switch (target.precision()) {
      case FLOAT32, INT8 -> ElementType.FLOAT32;
      case FLOAT16 -> ElementType.FLOAT16;
      case BFLOAT16 -> ElementType.BFLOAT16;
    };
  }

  Tensor as(Tensor tensor) {
    return Tensors.as(elementType(), tensor);
  }

  ScriptObject linear(Matrix matrix) {
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
  ScriptObject normed(Norm norm, Matrix matrix) {
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
