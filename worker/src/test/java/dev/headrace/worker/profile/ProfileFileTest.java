package dev.headrace.worker.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.PlannedLanes;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.json.Bounds;
import dev.headrace.worker.model.json.TreeMutations;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.profile.PrecisionProfile.Point;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileFileTest {
  private static final long SEED = 20261126;

  private static PrecisionProfile of(Precision precision, double error, double seconds) {
    return new PrecisionProfile(
        precision,
        error,
        new ServiceCurve(1e-3, 2e-6, 3e-9, 0.01, 15),
        List.of(new Point(1, 16, seconds / 10), new Point(32, 64, seconds)));
  }

  private static DeviceProfile profile(String model, PrecisionProfile... precisions) {
    return new DeviceProfile(
        model, "abc", "cpu", 2, 0.1, List.of(precisions), Map.of(Precision.FLOAT16, "none"));
  }

  @Test
  void what_is_written_is_read(@TempDir Path folder) throws Exception {
    DeviceProfile profile =
        profile("m", of(Precision.FLOAT32, 0, 0.2), of(Precision.INT8, 0.05, 0.1));
    Path file = folder.resolve(ProfileFile.NAME);
    ProfileFile.write(profile, file);
    assertThat(ProfileFile.read(file)).isEqualTo(profile);
    assertThat(folder.toFile().list()).containsExactly(ProfileFile.NAME);
    assertThat(profile.of(Precision.INT8).orElseThrow().rowsPerSecond()).isEqualTo(320);
  }

  @Test
  void fleet_file_may_name_the_profile_for_its_curve(@TempDir Path folder) throws Exception {
    DeviceProfile profile =
        profile("m", of(Precision.FLOAT32, 0, 0.2), of(Precision.INT8, 0.05, 0.1));
    ProfileFile.write(profile, Files.createDirectory(folder.resolve("m")).resolve("p.json"));
    Path fleet = folder.resolve("fleet.json");
    String model =
        "{\"lanes\":{\"t4\":{\"usd_per_hour\":1,\"startup_seconds\":9,\"models\":{\"m\":%s}}}}";
    Files.writeString(
        fleet, model.formatted("{\"tasks\":[\"embeddings\"],\"profile\":\"m/p.json\"}"));
    ModelReport best = PlannedLanes.read(fleet).get(0).models().get("m");
    assertThat(best.curve()).isEqualTo(profile.curve(Precision.INT8).orElseThrow());
    assertThat(best.precision()).isEqualTo(NumericPrecision.INT8);
    assertThat(best.revision()).isEqualTo("abc");

    Files.writeString(
        fleet,
        model.formatted(
            "{\"profile\":\"m/p.json\",\"precision\":\"fp32\",\"relative_error\":0.4}"));
    ModelReport exact = PlannedLanes.read(fleet).get(0).models().get("m");
    assertThat(exact.precision()).isEqualTo(NumericPrecision.FP32);
    assertThat(exact.curve().relativeError()).as("what the file says stands").isEqualTo(0.4);

    assertRefused(fleet, model.formatted("{\"profile\":\"m/q.json\"}"), "m.profile: " + folder);
    assertRefused(
        fleet,
        model.formatted("{\"profile\":\"m/p.json\",\"precision\":\"bf16\"}"),
        "lanes.t4.models.m.precision: bf16 (expected: one that was measured in");
    assertRefused(
        fleet,
        model.formatted("{\"profile\":\"fleet.json\"}"),
        "of format \"\" (expected: headrace-profile/1)");
    assertRefused(
        fleet,
        model.formatted("{\"fixed_second\":1}"),
        "lanes.t4.models.m.fixed_second: unknown (expected: one of [batch_rows,");
  }

  private static void assertRefused(Path fleet, String text, String message) throws Exception {
    Files.writeString(fleet, text);
    assertThatThrownBy(() -> PlannedLanes.read(fleet))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void fastest_that_is_accurate_is_chosen_whatever_its_name() {
    PrecisionProfile exact = of(Precision.FLOAT32, 0, 0.2);
    assertThat(profile("m", exact, of(Precision.INT8, 0.05, 0.1)).best()).isEqualTo(Precision.INT8);
    assertThat(profile("m", exact, of(Precision.INT8, 0.2, 0.1)).best())
        .isEqualTo(Precision.FLOAT32);
    assertThat(profile("m", exact, of(Precision.BFLOAT16, 0.01, 0.4)).best())
        .isEqualTo(Precision.FLOAT32);
  }

  @Test
  void all_models_must_bear_the_precision_and_each_weighs_the_same() {
    DeviceProfile small =
        profile("small", of(Precision.FLOAT32, 0, 0.001), of(Precision.INT8, 0.01, 0.0001));
    DeviceProfile large =
        profile("large", of(Precision.FLOAT32, 0, 10), of(Precision.INT8, 0.01, 11));
    assertThat(DeviceProfile.best(List.of(small, large))).contains(Precision.INT8);
    DeviceProfile coarse =
        profile("coarse", of(Precision.FLOAT32, 0, 1), of(Precision.INT8, 0.5, 0.1));
    assertThat(DeviceProfile.best(List.of(small, coarse))).contains(Precision.FLOAT32);
  }

  @Test
  void any_damaged_profile_is_read_or_refused() throws Exception {
    byte[] whole =
        ProfileFile.json(profile("m", of(Precision.FLOAT32, 0, 0.2), of(Precision.INT8, 0, 0.1)))
            .toString()
            .getBytes(StandardCharsets.UTF_8);
    TreeMutations trees = new TreeMutations(SEED);
    Bounds bounds = new Bounds(256 << 10, 200);
    for (int i = 0; i < 20_000; i++) {
      bounds.check(
          trees.damage(whole),
          "seed " + SEED + ", document " + i,
          bytes -> ProfileFile.parse(HfConfig.parse(ProfileFile.NAME, bytes)));
    }
    assertThat(bounds.read()).isPositive();
    assertThat(bounds.refused()).isPositive();
  }

  @Test
  void profile_of_another_format_is_refused() {
    assertThatThrownBy(
            () ->
                ProfileFile.parse(
                    HfConfig.parse(
                        "p.json", "{\"format\":\"x\"}".getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage("p.json: format: x (expected: headrace-profile/1)");
  }
}
