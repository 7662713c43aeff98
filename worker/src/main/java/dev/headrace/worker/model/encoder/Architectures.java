package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;

/** The families of encoders that can be run. */
public final class Architectures {
  private static final List<EncoderArchitecture> ALL =
      List.of(new Bert(), new Roberta(), new DistilBert(), new MpNet(), new ModernBert());

  private Architectures() {}

  /** The values of {@code model_type} that are supported. */
  public static List<String> modelTypes() {
    return ALL.stream().flatMap(a -> a.modelTypes().stream()).toList();
  }

  /**
   * The shape that a {@code config.json} describes.
   *
   * @throws MalformedModelException when it is of no known family, or asks for what its family's
   *     class does not do; names the key
   */
  public static EncoderConfig shape(HfConfig config) throws IOException {
    return named(config.string("model_type")).shape(config);
  }

  static EncoderArchitecture named(String modelType) throws MalformedModelException {
    for (EncoderArchitecture architecture : ALL) {
      if (architecture.modelTypes().contains(modelType)) {
        return architecture;
      }
    }
    throw new MalformedModelException(
        "model_type: " + modelType + " (expected: one of " + String.join(", ", modelTypes()) + ")");
  }
}
