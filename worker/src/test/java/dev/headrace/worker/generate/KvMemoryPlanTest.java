package dev.headrace.worker.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.store.DecoderFolders;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvMemoryPlanTest {
  @TempDir Path folder;

  private static GenerationConfig config(Map<String, String> values, boolean gpu) {
    return GenerationConfig.read(Settings.of(values)).on(gpu);
  }

  @Test
  void what_is_not_set_suits_the_device() {
    assertThat(config(Map.of(), false))
        .extracting(GenerationConfig::texts, GenerationConfig::kvBytes)
        .containsExactly(32, 1L << 30);
    assertThat(config(Map.of(), true))
        .extracting(GenerationConfig::texts, GenerationConfig::kvBytes)
        .containsExactly(128, 0L);
    Map<String, String> set =
        Map.of("worker.generation.texts", "7", "worker.generation.kv-memory", "2MiB");
    assertThat(config(set, true)).isEqualTo(config(set, false));
  }

  @Test
  void on_a_gpu_it_is_twice_what_the_texts_can_need_and_the_others_have_theirs() throws Exception {
    TinyDecoder.write(folder);
    DecoderModel model = DecoderFolders.describe(folder, 100);
    GenerationConfig config = config(Map.of("worker.generation.texts", "10"), true);
    var plan = GenerationLoader.plan(model, Precision.BFLOAT16, config, 0.3, 5);
    assertThat(plan.bytes()).isEqualTo(2L * 10 * 100 * model.config().kvElements() * 2);
    assertThat(plan.share()).isEqualTo(0.3);
    assertThat(plan.reserved()).isEqualTo(5 + (512L << 20));
    assertThat(GenerationLoader.plan(model, Precision.FLOAT32, config, 0.3, 5).bytes())
        .isEqualTo(2 * plan.bytes());
  }
}
