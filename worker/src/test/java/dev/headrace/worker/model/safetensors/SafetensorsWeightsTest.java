package dev.headrace.worker.model.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWeightsTest {
  @TempDir private Path folder;

  @Test
  void reads_tensors_from_the_shards_that_the_index_names() throws Exception {
    write("one.safetensors", SafetensorsBytes.scalars("a", "b", "unlisted"));
    write("two.safetensors", SafetensorsBytes.scalars("x", "b", "c"));
    index(
        "{'metadata':{'total_size':8},'weight_map':{'a':'one.safetensors','c':'two.safetensors'}}");
    try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
      assertThat(weights.names()).containsExactlyInAnyOrder("a", "c");
      assertThat(weights.require("a").toFloats()).containsExactly(0);
      assertThat(weights.require("c").toFloats()).containsExactly(2);
      assertThat(weights.find("b")).isEmpty();
    }
  }

  @Test
  void the_single_file_wins_over_the_index() throws Exception {
    write("model.safetensors", SafetensorsBytes.scalars("a"));
    index("{'weight_map':{'z':'missing.safetensors'}}");
    assertThat(SafetensorsWeights.open(folder).names()).containsExactly("a");
  }

  @Test
  void finds_norms_by_the_names_of_old_checkpoints() throws Exception {
    write("model.safetensors", SafetensorsBytes.scalars("n.LayerNorm.gamma", "n.LayerNorm.beta"));
    SafetensorsWeights weights = SafetensorsWeights.open(folder);
    assertThat(weights.require("n.LayerNorm.weight").toFloats()).containsExactly(0);
    assertThat(weights.require("n.LayerNorm.bias").toFloats()).containsExactly(1);
    assertThat(weights.find("m.LayerNorm.bias")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'../model.safetensors'",
        "'/tmp/model.safetensors'",
        "'sub/model.safetensors'",
        "'..\\\\model.safetensors'",
        "'C:model.safetensors'",
        "'.safetensors'",
        "'..safetensors'",
        "'pytorch_model.bin'",
        "'a\\u0000.safetensors'",
        "''",
        "null",
        "7",
        "['one.safetensors']"
      })
  void an_index_cannot_name_files_elsewhere(String file) throws Exception {
    index("{'weight_map':{'a':%s}}".formatted(file));
    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageStartingWith("model.safetensors.index.json: weight_map: a: ")
        .hasMessageContaining("expected: the plain name of a .safetensors file");
  }

  @Test
  void names_what_is_missing() throws Exception {
    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .hasMessageContaining("no weights (expected: model.safetensors or model.safetensors.index")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("pickle"));
    write("pytorch_model.bin", new byte[1]);
    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .hasMessageContaining("pickle, which can run code and is never read");
    index("{'weight_map':{'a':'one.safetensors'}}");
    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .hasMessageContaining("one.safetensors: no such file (expected: a shard");
    write("one.safetensors", SafetensorsBytes.scalars("b"));
    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .hasMessageContaining("one.safetensors: tensor a is missing");
    index("{'weight_map':[]}");
    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .hasMessageContaining("weight_map: missing (expected: an object");
  }

  private void write(String name, byte[] content) throws IOException {
    SafetensorsBytes.write(folder.resolve(name), content);
  }

  private void index(String json) throws IOException {
    Files.writeString(
        folder.resolve(ShardIndex.FILE), json.replace('\'', '"'), StandardCharsets.UTF_8);
  }
}
