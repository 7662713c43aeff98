package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.weights.MalformedModelException;

/**
 * An activation function of {@code hidden_act} (transformers, activations.py).
 *
 * @param inPlace TorchScript that applies it to {@code y}, overwriting it
 * @param oneDnnName what oneDNN's fused linear layer calls it
 * @param oneDnnAlgorithm its variant there
 */
public record Activation(String inPlace, String oneDnnName, String oneDnnAlgorithm) {
  public static Activation named(String name) throws MalformedModelException {
    return switch (name) {
      case "gelu" -> new Activation("torch.gelu_(y)", "gelu", "none");
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" ->
          new Activation("torch.gelu_(y, approximate=\"tanh\")", "gelu", "tanh");
      case "relu" -> new Activation("torch.relu_(y)", "relu", "");
      case "silu", "swish" -> new Activation("torch.silu_(y)", "swish", "");
      default ->
          throw new MalformedModelException(
              "hidden_act: "
                  + name
                  + " (expected: gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu, silu or swish)");
    };
  }
}
