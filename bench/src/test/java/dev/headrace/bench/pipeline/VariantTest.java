package dev.headrace.bench.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VariantTest {
  @TempDir Path folder;

  @Test
  void another_build_is_loaded_from_its_own_jar() throws IOException {
    Path jar = folder.resolve("lib/headrace-cli-9.jar");
    Files.createDirectories(jar.getParent());
    Files.createFile(jar);
    Files.createFile(folder.resolve("lib/headrace-bench-9.jar"));
    Variant variant = new Variant(Map.of(), folder);
    assertThat(variant.none()).isFalse();
    assertThat(variant.classPath()).isEqualTo(jar.toString());
  }

  @Test
  void a_folder_without_headrace_is_refused() {
    assertThatThrownBy(() -> new Variant(Map.of(), folder).classPath())
        .isInstanceOf(IOException.class)
        .hasMessage(
            "--against: "
                + folder
                + " (expected: a distribution's folder with lib/headrace-cli-*.jar)");
  }

  @Test
  void without_settings_and_build_there_is_none() throws IOException {
    assertThat(Variant.NONE.none()).isTrue();
    assertThat(new Variant(Map.of("a", "b"), null).none()).isFalse();
    assertThat(Variant.NONE.classPath()).isEqualTo(System.getProperty("java.class.path"));
  }
}
