package dev.headrace.worker;

import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.SharedDevice;
import dev.headrace.worker.encode.EncoderRunner;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import dev.headrace.worker.generate.GenerationLoader;
import dev.headrace.worker.model.ModelCatalog;
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
      throws Exception {
    List<String> generating = GenerationLoader.models(config);
    List<String> encoding = config.models().stream().filter(m -> !generating.contains(m)).toList();
    if (generating.isEmpty()) {
      return EncoderRunner.factory(config, builtIn, nanos).open();
    }
    Engine texts = GenerationLoader.open(generating, config, generation, nanos);
    if (encoding.isEmpty()) {
      return texts;
    }
    try {
      Engine vectors = EncoderRunner.factory(config.withModels(encoding), builtIn, nanos).open();
      return new SharedDevice(List.of(vectors, texts), nanos);
    } catch (Exception e) {
      texts.close();
      throw e;
    }
  }
}
