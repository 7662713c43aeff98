package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.DenseLayer;
import dev.headrace.worker.model.DenseLayer.Activation;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.Map;

/** {@code 2_Dense/config.json}. */
final class SentenceDense {
  private static final int MAX_WIDTH = 1 << 20;
  private static final String ACTIVATION = "activation_function";
  private static final String TANH = "torch.nn.modules.activation.Tanh";

  private static final Map<String, Activation> ACTIVATIONS =
      Map.of(
          "torch.nn.modules.linear.Identity",
          Activation.IDENTITY,
          TANH,
          Activation.TANH,
          "torch.nn.modules.activation.ReLU",
          Activation.RELU,
          "torch.nn.modules.activation.GELU",
          Activation.GELU,
          "torch.nn.modules.activation.Sigmoid",
          Activation.SIGMOID);

  private SentenceDense() {}

  /**
   * Reads a layer.
   *
   * @param path its folder
   */
  static DenseLayer read(String path, HfConfig config) throws MalformedModelException {
    for (String key : new String[] {"module_input_name", "module_output_name"}) {
      String name = config.string(key, "sentence_embedding");
      if (!name.equals("sentence_embedding")) {
        throw config.malformed(key, name, "sentence_embedding");
      }
    }
    String function = config.string(ACTIVATION, TANH);
    Activation activation = ACTIVATIONS.get(function);
    if (activation == null) {
      throw config.malformed(
          ACTIVATION,
          function,
          "one of " + String.join(", ", ACTIVATIONS.keySet().stream().sorted().toList()));
    }
    return new DenseLayer(
        path + "/linear",
        config.integer("in_features", 1, MAX_WIDTH),
        config.integer("out_features", 1, MAX_WIDTH),
        config.flag("bias", true),
        activation);
  }
}
