package dev.headrace.worker.encode;

import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.profile.DeviceProfile;
import dev.headrace.worker.profile.Profiler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code worker.precision = auto}: the fastest that all models bear, by their profiles or, where
 * there is none, by a short measurement. Never by the name of a device or of a format.
 */
public final class AutoPrecision {
  private static final Logger LOG = LoggerFactory.getLogger(AutoPrecision.class);

  private AutoPrecision() {}

  /**
   * The same settings with a precision that was chosen; settings that name one are returned as they
   * are. May take seconds; opens the device on the calling thread and closes it.
   */
  public static EngineConfig resolve(EngineConfig config, ModelCatalog builtIn, LongSupplier nanos)
      throws IOException {
    if (!config.auto()) {
      return config;
    }
    List<DeviceProfile> profiles = new ArrayList<>();
    BrokenModels broken = new BrokenModels();
    try (TorchEngine engine = config.open()) {
      Profiles known = new Profiles(config.folder(), engine.device(), config.usedThreads());
      for (String name : config.models()) {
        // What is noted here, whoever opens the model says too; a decoder has no profile.
        broken.tried(
            name,
            () -> {
              ModelDescription model = EncoderRunner.description(name, config, builtIn);
              if (model.files().readyScript().isEmpty()) {
                profiles.add(profile(model, known, engine, config, nanos));
              }
            });
      }
    }
    Precision best = best(profiles);
    broken.list().forEach(b -> LOG.debug("no profile cause={}", b.failure().message()));
    LOG.info("precision chosen precision={} models={}", best.label(), profiles.size());
    return config.withPrecision(best);
  }

  private static DeviceProfile profile(
      ModelDescription model,
      Profiles known,
      TorchEngine engine,
      EngineConfig config,
      LongSupplier nanos)
      throws IOException {
    Optional<DeviceProfile> found = known.find(model);
    if (found.isPresent()) {
      return found.get();
    }
    List<Precision> all = List.of(Precision.values());
    return Profiler.brief(nanos).measure(model, engine, config.usedThreads(), all);
  }

  private static Precision best(List<DeviceProfile> profiles) {
    return profiles.isEmpty()
        ? Precision.FLOAT32
        : DeviceProfile.best(profiles).orElse(Precision.FLOAT32);
  }
}
