package dev.headrace.worker.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OnnxWeightsTest {
  private static OnnxFile linear() {
    return new OnnxFile()
        .node("MatMul", "hidden", "onnx::MatMul_7", "product")
        .node("Add", "layer.dense.bias", "product", "sum")
        .floats("onnx::MatMul_7", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
        .floats("layer.dense.bias", new float[] {7, 8}, 2);
  }

  @Test
  void an_anonymous_matrix_is_named_after_the_bias_that_follows_it_and_transposed()
      throws IOException {
    OnnxWeights weights = OnnxWeights.read(linear().region());
    assertThat(weights.names()).containsExactly("layer.dense.bias", "layer.dense.weight");
    Tensor weight = weights.require("layer.dense.weight", 2, 3);
    assertThat(weight.toFloats()).containsExactly(1, 3, 5, 2, 4, 6);
    assertThat(weights.require("layer.dense.bias", 2).toFloats()).containsExactly(7, 8);
  }

  @Test
  void a_missing_or_misshapen_tensor_is_named() throws IOException {
    OnnxWeights weights = OnnxWeights.read(linear().region());
    assertThatThrownBy(() -> weights.require("layer.norm.weight", 2))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("layer.norm.weight");
    assertThatThrownBy(() -> weights.require("layer.dense.bias", 3))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("FLOAT32[2]")
        .hasMessageContaining("[3]");
  }

  @Test
  void data_that_does_not_fill_its_shape_is_refused() {
    OnnxFile file = new OnnxFile().tensor("w", 1, new byte[12], 2, 2);
    assertMalformed(file.bytes(), "12 bytes (expected: 16)");
  }

  @Test
  void sizes_that_overflow_or_are_negative_are_refused() {
    assertMalformed(
        new OnnxFile().tensor("w", 1, new byte[0], 1L << 32, 1L << 32).bytes(), "shape");
    assertMalformed(new OnnxFile().tensor("w", 1, new byte[4], -1).bytes(), "shape");
    assertMalformed(
        new OnnxFile().tensor("w", 1, new byte[4], 1, 1, 1, 1, 1, 1, 1, 1, 1).bytes(),
        "dimensions");
  }

  @Test
  void data_in_another_file_is_refused() {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    OnnxFile.bytes(tensor, 8, "w".getBytes());
    OnnxFile.number(tensor, 14, 1);
    assertMalformed(new OnnxFile().initialiser(tensor.toByteArray()).bytes(), "another file");
  }

  @Test
  void a_file_without_a_graph_is_refused() {
    assertMalformed(new byte[0], "no graph");
    assertMalformed(new byte[] {8, 7}, "no graph");
  }

  @Test
  void every_cut_of_a_file_is_read_or_refused_but_never_worse() throws IOException {
    byte[] whole = linear().bytes();
    for (int length = 0; length < whole.length; length++) {
      readOrRefuse(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void random_damage_is_read_or_refused_but_never_worse() throws IOException {
    long seed = 20261123;
    Random random = new Random(seed);
    byte[] whole = linear().bytes();
    for (int round = 0; round < 20_000; round++) {
      byte[] damaged = whole.clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        readOrRefuse(damaged);
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", round " + round, e);
      }
    }
  }

  private static void readOrRefuse(byte[] file) throws IOException {
    try {
      OnnxWeights weights = OnnxWeights.read(ByteRegion.of("cut.onnx", ByteBuffer.wrap(file)));
      for (String name : weights.names()) {
        Tensor tensor = weights.find(name).orElseThrow();
        if (tensor.type().isFloat()) {
          tensor.toFloats();
        }
      }
    } catch (MalformedModelException expected) {
      assertThat(expected).hasMessageContaining("cut.onnx");
    }
  }

  private static void assertMalformed(byte[] file, String message) {
    assertThatThrownBy(() -> OnnxWeights.read(ByteRegion.of("bad.onnx", ByteBuffer.wrap(file))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("bad.onnx")
        .hasMessageContaining(message);
  }
}
