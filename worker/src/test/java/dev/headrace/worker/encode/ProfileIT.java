package dev.headrace.worker.encode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.profile.DeviceProfile;
import dev.headrace.worker.profile.PrecisionProfile;
import dev.headrace.worker.profile.ProfileFile;
import dev.headrace.worker.profile.Profiler;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileIT {
  private static final ModelCatalog NONE = new ModelCatalog(List.of());

  @TempDir private Path models;
  private Path folder;
  private String name;
  private ModelDescription model;

  @BeforeEach
  void assemble() throws Exception {
    folder = ReferenceModel.named("bert").assemble("embed", models);
    name = String.valueOf(folder.getFileName());
    model = ModelFolders.describe(folder);
  }

  private EngineConfig config(boolean auto) {
    return new EngineConfig(
        "cpu",
        List.of(name),
        models.toString(),
        Precision.FLOAT32,
        1,
        0,
        List.of(),
        auto,
        ArchiveConfig.NONE);
  }

  private DeviceProfile measured(double maxError) throws Exception {
    try (TorchEngine engine = config(false).open()) {
      return new Profiler(List.of(1, 4), List.of(8, 32, 4096), 2, maxError, System::nanoTime)
          .measure(model, engine, 1, List.of(Precision.values()));
    }
  }

  @Test
  void profile_has_each_precision_and_a_worker_begins_with_its_curve() throws Exception {
    DeviceProfile profile = measured(1);
    assertThat(profile.precisions())
        .extracting(PrecisionProfile::precision)
        .contains(Precision.FLOAT32, Precision.BFLOAT16, Precision.INT8);
    assertThat(profile.precisions().get(0).maxError()).isZero();
    assertThat(profile.precisions())
        .allSatisfy(
            p -> {
              // 4096 tokens are more than the model takes.
              assertThat(p.points()).hasSize(4);
              assertThat(p.maxError()).isLessThan(1);
              assertThat(p.curve().samples()).isPositive();
            });
    ProfileFile.write(profile, folder.resolve(ProfileFile.NAME));
    assertThat(ModelFolders.describe(folder).revision()).isEqualTo(model.revision());
    ServiceCurve expected = profile.curve(Precision.FLOAT32).orElseThrow();
    try (Engine engine = EncoderRunner.factory(config(false), NONE, System::nanoTime).open()) {
      assertThat(engine.models().get(0).profile()).contains(expected);
    }
  }

  @Test
  void profile_of_another_number_of_threads_is_left_aside() throws Exception {
    DeviceProfile profile = measured(1);
    DeviceProfile other =
        new DeviceProfile(
            profile.model(),
            profile.revision(),
            profile.device(),
            7,
            1,
            profile.precisions(),
            Map.of());
    ProfileFile.write(other, folder.resolve(ProfileFile.NAME));
    try (Engine engine = EncoderRunner.factory(config(false), NONE, System::nanoTime).open()) {
      assertThat(engine.models().get(0).profile()).isEmpty();
    }
  }

  @Test
  void auto_takes_the_profile_s_best_and_measures_without_one() throws Exception {
    EngineConfig chosen = AutoPrecision.resolve(config(true), NONE, System::nanoTime);
    assertThat(chosen.auto()).isFalse();
    // All but float32 are too coarse for a bound that nothing but equality keeps.
    DeviceProfile strict = measured(Double.MIN_VALUE);
    ProfileFile.write(strict, folder.resolve(ProfileFile.NAME));
    assertThat(config(true).deviceType()).isEqualTo("cpu-auto");
    assertThat(AutoPrecision.resolve(config(true), NONE, System::nanoTime).deviceType())
        .isEqualTo("cpu-fp32");
  }
}
