package dev.headrace.worker.encode;

import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/** How much memory a model's weights take. */
public final class ModelMemory {
  /** For what is not weights: code, buffers of a batch (chosen). */
  private static final long BESIDES = 16L << 20;

  private ModelMemory() {}

  /** Bytes in this precision; only the files' headers are read. */
  public static long bytes(ModelFiles files, Precision precision) throws IOException {
    long bytes = BESIDES;
    Optional<ReadyScript> ready = files.readyScript();
    if (ready.isPresent()) {
      return bytes + Files.size(ready.get().file());
    }
    try (WeightSource weights = files.openWeights()) {
      for (String name : weights.names()) {
        Optional<Tensor> tensor = weights.find(name);
        if (tensor.isPresent()) {
          bytes += elements(tensor.get()) * width(precision, name, tensor.get());
        }
      }
    }
    return bytes;
  }

  private static long elements(Tensor tensor) {
    long elements = 1;
    for (int i = 0; i < tensor.rank(); i++) {
      elements *= tensor.size(i);
    }
    return elements;
  }

  /** In int8 the embeddings and all that is no matrix stay float32. */
  private static int width(Precision precision, String name, Tensor tensor) {
    return switch (precision) {
      case FLOAT32 -> 4;
      case FLOAT16, BFLOAT16 -> 2;
      case INT8 -> tensor.rank() == 2 && !name.contains("embed") ? 1 : 4;
    };
  }
}
