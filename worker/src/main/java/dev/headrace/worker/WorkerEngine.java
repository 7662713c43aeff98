package dev.headrace.worker;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.SharedDevice;
import dev.headrace.worker.encode.BrokenModels;
import dev.headrace.worker.encode.EncoderRunner;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import dev.headrace.worker.generate.GenerationLoader;
import dev.headrace.worker.model.ModelCatalog;
import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;

/** The engine of a worker: encoders, models that generate text, or both on one device. */
public final class WorkerEngine {
  private WorkerEngine() {}

  /** What opens it, on the thread that will own it. */
  public static EngineFactory factory(
      EngineConfig config, GenerationConfig generation, ModelCatalog builtIn, LongSupplier nanos) {
    return () -> open(config, generation, builtIn, nanos);
  }

  private static Engine open(
      EngineConfig config, GenerationConfig generation, ModelCatalog builtIn, LongSupplier nanos)
      throws IOException {
    List<String> generating = GenerationLoader.models(config);
    List<String> encoding = config.models().stream().filter(m -> !generating.contains(m)).toList();
    if (config.members().size() > 1 && !generating.isEmpty()) {
      throw new FailureException(
          ErrorCode.MODEL_NOT_LOADED,
          "worker.models: %s on worker.device %s (expected: encoders in a group of devices)"
              .formatted(generating, config.device()));
    }
    if (generating.isEmpty()) {
      return BrokenModels.servable(EncoderRunner.open(config, builtIn, nanos));
    }
    long others = EncoderRunner.memoryBytes(encoding, config, builtIn);
    Engine texts = GenerationLoader.open(generating, config, generation, others, nanos);
    if (encoding.isEmpty()) {
      return BrokenModels.servable(texts);
    }
    return BrokenModels.servable(
        new SharedDevice(List.of(vectors(encoding, config, builtIn, nanos, texts), texts), nanos));
  }

  private static Engine vectors(
      List<String> models,
      EngineConfig config,
      ModelCatalog builtIn,
      LongSupplier nanos,
      Engine texts)
      throws IOException {
    try {
      return EncoderRunner.open(config.withModels(models), builtIn, nanos);
    } catch (IOException | RuntimeException e) {
      texts.close();
      throw e;
    }
  }
}
