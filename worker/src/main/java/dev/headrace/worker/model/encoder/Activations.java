package dev.headrace.worker.model.encoder;

/** The activation functions of {@code hidden_act} as TorchScript (transformers, activations.py). */
final class Activations {
  private Activations() {}

  /** The expression with the named function applied. */
  static String apply(String name, String expression) {
    return switch (name) {
      case "gelu" -> "torch.gelu(" + expression + ")";
      case "gelu_new", "gelu_pytorch_tanh" ->
          "torch.gelu(" + expression + ", approximate=\"tanh\")";
      case "relu" -> "torch.relu(" + expression + ")";
      case "silu", "swish" -> "torch.silu(" + expression + ")";
      default ->
          throw new IllegalArgumentException(
              "hidden_act: "
                  + name
                  + " (expected: gelu, gelu_new, gelu_pytorch_tanh, relu, silu or swish)");
    };
  }
}
