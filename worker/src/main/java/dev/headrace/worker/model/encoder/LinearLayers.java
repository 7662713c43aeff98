package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.torchscript.Int8Weight;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.List;

/**
 * Linear layers for one target. Each is a module with three methods, so that what follows the
 * product can be fused with it where the target's kernels allow:
 *
 * <ul>
 *   <li>{@code forward(x)}: {@code x W^T + b}
 *   <li>{@code activated(x)}: the model's activation of that
 *   <li>{@code plus(x, residual)}: {@code residual} added to it
 * </ul>
 */
final class LinearLayers {
  /** How the tokens of a batch differ in the range of their values; only int8 asks. */
  enum Tokens {
    /** Not much: one scale does for all. */
    ALIKE,
    /** Much: each is scaled by its own largest value. */
    SPREAD,
    /** Much, and they are an activation's, so hardly negative, and needed no more afterwards. */
    ACTIVATED
  }

  private final Target target;
  private final Activation activation;

  LinearLayers(Target target, Activation activation) {
    this.target = target;
    this.activation = activation;
  }

  /** A weight in the type of all that is not int8. */
  Tensor as(Tensor tensor) {
    return Tensors.as(target.elementType(), tensor);
  }

  /**
   * @param matrix {@code [out, in]}
   * @param bias {@code [out]}
   * @param inputs the tokens that it gets
   */
  ScriptObject of(Tensor matrix, Tensor bias, Tokens inputs) throws IOException {
    return switch (target.precision()) {
      case INT8 -> int8(matrix, bias, inputs);
      case FLOAT32, FLOAT16, BFLOAT16 ->
          target.usesOneDnn() ? packed(matrix, bias) : plain(matrix, bias);
    };
  }

  private ScriptObject plain(Tensor matrix, Tensor bias) {
    String methods =
        """
        def forward(self: __torch__.Linear, x: Tensor) -> Tensor:
          return torch.linear(x, self.w, self.b)
        """
            + unfused("Linear");
    return new ScriptObject(new ScriptClass("Linear", methods))
        .tensor("w", as(matrix))
        .tensor("b", as(bias));
  }

  /**
   * oneDNN, its weights packed when the model is loaded (torch/_inductor/mkldnn_ir.py uses it so).
   */
  private ScriptObject packed(Tensor matrix, Tensor bias) {
    String methods =
        """
        def __getstate__(self: __torch__.LinearDnn) -> Tuple[Tensor, Tensor]:
          return (self.w, self.b)
        def __setstate__(self: __torch__.LinearDnn, state: Tuple[Tensor, Tensor]) -> None:
          w, b, = state
          self.w = ops.mkldnn._reorder_linear_weight(w, None)
          self.b = b
        def forward(self: __torch__.LinearDnn, x: Tensor) -> Tensor:
          none = annotate(List[Optional[number]], [])
          return ops.mkldnn._linear_pointwise(x, self.w, self.b, "none", none, "")
        def activated(self: __torch__.LinearDnn, x: Tensor) -> Tensor:
          none = annotate(List[Optional[number]], [])
          return ops.mkldnn._linear_pointwise(x, self.w, self.b, "%s", none, "%s")
        def plus(self: __torch__.LinearDnn, x: Tensor, residual: Tensor) -> Tensor:
          return ops.mkldnn._linear_pointwise(x, residual, self.w, self.b, "add")
        """
            .formatted(activation.oneDnnName(), activation.oneDnnAlgorithm());
    return new ScriptObject(new ScriptClass("LinearDnn", "w : Tensor\nb : Tensor", methods))
        .state(List.of(as(matrix), as(bias)));
  }

  /**
   * int8 by FBGEMM; activations are quantised by libtorch for each batch, over its whole range.
   * Where tokens differ much, each is first divided by its largest value and the product multiplied
   * by it again: on MiniLM the mean cosine to float32 rises from 0.9934 to 0.9979 with the two
   * layers of the feed-forward part done so, for 5 % of the time, and a text's vector hardly
   * depends on the texts beside it any more.
   */
  private ScriptObject int8(Tensor matrix, Tensor bias, Tokens inputs) throws IOException {
    String name =
        switch (inputs) {
          case ALIKE -> "LinearInt8";
          case SPREAD -> "LinearInt8Scaled";
          case ACTIVATED -> "LinearInt8Activated";
        };
    String forward =
        switch (inputs) {
          case ALIKE -> INT8;
          case SPREAD -> INT8_SCALED;
          case ACTIVATED -> INT8_ACTIVATED;
        };
    String methods =
        "def forward(self: __torch__.NAME, x: Tensor) -> Tensor:\n" + forward + unfused("NAME");
    methods =
        methods
            .replace("NAME", name)
            .replace("REDUCE", target.reducesInt8Range() ? "True" : "False");
    return Int8Weight.layer(name, matrix, bias, inputs == Tokens.ALIKE, methods);
  }

  private static final String INT8 = "  return ops.quantized.linear_dynamic(x, self.p, REDUCE)\n";

  /** The bias comes last, after the token's scale. */
  private static final String INT8_SCALED =
      """
        m = torch.clamp_min(torch.amax(torch.abs(x), [-1], True), 1e-9)
        y = ops.quantized.linear_dynamic(torch.div(x, m), self.p, REDUCE)
        return torch.add_(torch.mul_(y, m), self.b)
      """;

  /** No activation that we know goes below -0.28, so what is smaller needs no scale of its own. */
  private static final String INT8_ACTIVATED =
      """
        m = torch.clamp_min(torch.amax(x, [-1], True), 0.3)
        y = ops.quantized.linear_dynamic(torch.div_(x, m), self.p, REDUCE)
        return torch.add_(torch.mul_(y, m), self.b)
      """;

  private String unfused(String name) {
    return """
        def activated(self: __torch__.%s, x: Tensor) -> Tensor:
          y = (self).forward(x)
          return %s
        def plus(self: __torch__.%s, x: Tensor, residual: Tensor) -> Tensor:
          return torch.add_((self).forward(x), residual)
        """
        .formatted(name, activation.inPlace(), name);
  }
}
