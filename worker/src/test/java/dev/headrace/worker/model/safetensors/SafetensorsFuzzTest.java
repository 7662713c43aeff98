package dev.headrace.worker.model.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.json.Bounds;
import dev.headrace.worker.model.json.Mutations;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Damaged files are read or refused: no crash, no hang, no memory beyond a multiple of theirs. */
@Timeout(300)
class SafetensorsFuzzTest {
  private static final long SEED = 20261123;
  private static final int HEADERS = 100_000;
  private static final int INDEXES = 20_000;
  private static final long MOST_BYTES = 256 << 10;
  private static final long BYTES_PER_BYTE = 100;

  @Test
  void any_header_is_read_or_refused() throws Exception {
    byte[] file = Files.readAllBytes(resource("/reference/safetensors/types.safetensors"));
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] header = Arrays.copyOfRange(file, Long.BYTES, Long.BYTES + length);
    int dataBytes = file.length - Long.BYTES - length;
    Mutations mutations = new Mutations(SEED);
    Bounds bounds = new Bounds(MOST_BYTES, BYTES_PER_BYTE);
    for (int i = 0; i < HEADERS; i++) {
      // Every other time the length is right, so that the damage reaches the JSON.
      byte[] damaged =
          i % 2 == 0
              ? mutations.damage(file)
              : SafetensorsBytes.of(mutations.damage(header), dataBytes);
      bounds.check(damaged, "seed " + SEED + ", header " + i, SafetensorsFuzzTest::readAll);
    }
    assertThat(bounds.read()).isGreaterThan(HEADERS / 100);
    assertThat(bounds.refused()).isGreaterThan(HEADERS / 2);
  }

  @Test
  void any_index_is_read_or_refused() {
    byte[] index =
        "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"a.b\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8);
    StrictJson json = new StrictJson(ShardIndex.FILE, ShardIndex.MAX_BYTES, 8);
    Mutations mutations = new Mutations(SEED);
    Bounds bounds = new Bounds(MOST_BYTES, BYTES_PER_BYTE);
    Path folder = Path.of("folder");
    for (int i = 0; i < INDEXES; i++) {
      bounds.check(
          mutations.damage(index),
          "seed " + SEED + ", index " + i,
          damaged -> requireInside(folder, ShardIndex.parse(json, damaged).values()));
    }
    assertThat(bounds.read()).isPositive();
    assertThat(bounds.refused()).isGreaterThan(INDEXES / 4);
  }

  private static void requireInside(Path folder, Collection<String> names) {
    for (String name : names) {
      if (!folder.equals(folder.resolve(name).normalize().getParent())) {
        throw new IllegalStateException(name + " is outside the folder");
      }
    }
  }

  /** Reads the first and the last element of every tensor that is said to be there. */
  private static void readAll(byte[] bytes) throws IOException {
    SafetensorsFile file = SafetensorsBytes.read(bytes);
    float[] value = new float[1];
    for (String name : file.names()) {
      Optional<Tensor> tensor = findReadable(file, name);
      if (tensor.isPresent() && tensor.get().type().isFloat() && tensor.get().elements() > 0) {
        tensor.get().readFloats(0, value, 0, 1);
        tensor.get().readFloats(tensor.get().elements() - 1, value, 0, 1);
      }
    }
  }

  private static Optional<Tensor> findReadable(SafetensorsFile file, String name) {
    try {
      return file.find(name);
    } catch (MalformedModelException e) {
      return Optional.empty();
    }
  }

  private static Path resource(String name) throws Exception {
    return Path.of(SafetensorsFuzzTest.class.getResource(name).toURI());
  }
}
