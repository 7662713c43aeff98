package dev.headrace.worker.model.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.decoder.Decoders;
import dev.headrace.worker.model.json.Bounds;
import dev.headrace.worker.model.json.Mutations;
import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Damaged files are read or refused: no crash, no hang, no memory beyond a multiple of theirs. */
@Timeout(300)
class GgufFuzzTest {
  private static final long SEED = 20261125;

  /** A third each for the tokenizer, the configuration and the tensors. */
  private static final int FILES = 300_000;

  @Test
  void any_file_is_read_or_refused() {
    byte[] file = GgufBytes.small();
    Mutations mutations = new Mutations(SEED);
    Bounds bounds = new Bounds(512 << 10, 200);
    for (int i = 0; i < FILES; i++) {
      int part = i % 3;
      bounds.check(
          mutations.damage(file), "seed " + SEED + ", file " + i, bytes -> read(bytes, part));
    }
    assertThat(bounds.read()).isGreaterThan(FILES / 100);
    assertThat(bounds.refused()).isGreaterThan(FILES / 4);
  }

  private static void read(byte[] bytes, int part) throws IOException {
    GgufFile file = GgufFile.read(ByteRegion.of("m.gguf", ByteBuffer.wrap(bytes)));
    GgufModel model = GgufModel.of(file);
    if (part == 0) {
      model.tokenizerJson();
    } else if (part == 1) {
      Decoders.shape(model.config(), 32);
    } else {
      readTensors(file);
    }
  }

  private static void readTensors(GgufFile file) throws IOException {
    float[] value = new float[1];
    for (String name : file.tensors()) {
      Optional<Tensor> tensor;
      try {
        tensor = file.find(name);
      } catch (MalformedModelException e) {
        continue;
      }
      if (tensor.isPresent() && tensor.get().elements() > 0) {
        tensor.get().readFloats(0, value, 0, 1);
        tensor.get().readFloats(tensor.get().elements() - 1, value, 0, 1);
      }
    }
  }
}
