package dev.headrace.worker.model.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.safetensors.SafetensorsFile;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values of every type of tensor are those of the {@code gguf} package, to the last bit ({@code
 * make_gguf_types.py}).
 */
class GgufTypesTest {
  private static Path resource(String name) throws URISyntaxException {
    return Path.of(GgufTypesTest.class.getResource("/reference/gguf/" + name).toURI());
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"})
  void values_are_those_of_the_gguf_package(String type) throws IOException, URISyntaxException {
    Tensor tensor = GgufFile.map(resource("types.gguf")).find(type).orElseThrow();
    float[] expected =
        SafetensorsFile.map(resource("types.safetensors")).find(type).orElseThrow().toFloats();
    assertThat(tensor.shape()).containsExactly(2, 512);
    assertThat(bits(tensor.toFloats())).containsExactly(bits(expected));
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      int from = random.nextInt(expected.length);
      int length = 1 + random.nextInt(expected.length - from);
      float[] piece = new float[length + 2];
      tensor.readFloats(from, piece, 1, length);
      assertThat(bits(Arrays.copyOfRange(piece, 1, length + 1)))
          .as("%d values from %d", length, from)
          .containsExactly(bits(Arrays.copyOfRange(expected, from, from + length)));
      assertThat(piece[0]).isZero();
      assertThat(piece[length + 1]).isZero();
    }
  }

  /** So that -0 and subnormals count. */
  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
