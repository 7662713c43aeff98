package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;

/** The families of decoders that can be run. */
public final class Decoders {
  private static final List<DecoderArchitecture> ALL =
      List.of(new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Phi3(), new Gpt2());

  private Decoders() {}

  /** The values of {@code model_type} that are supported. */
  public static List<String> modelTypes() {
    return ALL.stream().flatMap(a -> a.modelTypes().stream()).toList();
  }

  /**
   * The shape that a {@code config.json} describes.
   *
   * @param longest the longest text that will be run: some rotations depend on it
   * @throws MalformedModelException when it is of no known family, or asks for what its family's
   *     class does not do; names the key
   */
  public static DecoderConfig shape(HfConfig config, int longest) throws IOException {
    try {
      return named(config.string("model_type")).shape(config, longest);
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(config + ": " + e.getMessage());
    }
  }

  static DecoderArchitecture named(String modelType) throws MalformedModelException {
    for (DecoderArchitecture architecture : ALL) {
      if (architecture.modelTypes().contains(modelType)) {
        return architecture;
      }
    }
    throw new MalformedModelException(
        "model_type: " + modelType + " (expected: one of " + String.join(", ", modelTypes()) + ")");
  }
}
