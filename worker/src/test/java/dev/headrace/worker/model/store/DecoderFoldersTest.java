package dev.headrace.worker.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.gguf.GgufBytes;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecoderFoldersTest {
  @TempDir private Path folder;

  @Test
  void decoder_is_told_by_its_files() throws IOException {
    assertThat(DecoderFolders.isDecoder(folder)).isFalse();
    Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"bert\"}");
    assertThat(DecoderFolders.isDecoder(folder)).isFalse();
    Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
    assertThat(DecoderFolders.isDecoder(folder)).isTrue();
    Files.delete(folder.resolve("config.json"));
    Files.write(folder.resolve("a.gguf"), GgufBytes.small());
    assertThat(DecoderFolders.isDecoder(folder)).isTrue();
  }

  @Test
  void built_in_model_without_a_folder_is_no_decoder() throws IOException {
    assertThat(DecoderFolders.isDecoder(folder.resolve("all-minilm-l6-v2"))).isFalse();
  }

  @Test
  void several_gguf_files_in_a_folder_are_refused() throws IOException {
    Files.write(folder.resolve("a.gguf"), GgufBytes.small());
    Files.write(folder.resolve("b.gguf"), GgufBytes.small());
    assertThat(DecoderFolders.isDecoder(folder)).isTrue();
    assertThatThrownBy(() -> DecoderFolders.describe(folder, 64))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("several GGUF files");
  }
}
