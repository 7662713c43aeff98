package dev.headrace.bench.gpu;

import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/** A {@link RandomLlama} as the Hugging Face folder that a worker is given. */
final class RandomLlamaFolder {
  private RandomLlamaFolder() {}

  /** Writes the folder, called as the shape, into another; as large as the weights. */
  static void write(RandomLlama shape, Path parent) throws IOException {
    Path folder = Files.createDirectory(parent.resolve(shape.name()));
    Files.writeString(folder.resolve("config.json"), shape.json());
    Files.writeString(folder.resolve("tokenizer.json"), WordLevel.json(shape.words()));
    try (WeightSource weights = shape.describe().files().openWeights();
        FileChannel out =
            FileChannel.open(
                folder.resolve("model.safetensors"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE)) {
      List<String> names =
          weights.names().stream().filter(n -> !shape.tied() || !n.startsWith("lm_head")).toList();
      write(ByteBuffer.wrap(header(weights, names)), out);
      for (String name : names) {
        weights.find(name).orElseThrow().writeTo(out);
      }
    }
  }

  private static void write(ByteBuffer bytes, FileChannel out) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** Safetensors: eight bytes of length, then JSON that says where each tensor lies. */
  private static byte[] header(WeightSource weights, List<String> names) throws IOException {
    StringBuilder json = new StringBuilder("{");
    long at = 0;
    for (String name : names) {
      Tensor tensor = weights.find(name).orElseThrow();
      json.append(at == 0 ? "" : ",")
          .append("\"%s\":{\"dtype\":\"BF16\",\"shape\":".formatted(name))
          .append(Arrays.toString(tensor.shape()))
          .append(",\"data_offsets\":[%d,%d]}".formatted(at, at + tensor.byteSize()));
      at += tensor.byteSize();
    }
    json.append('}');
    while (json.length() % 8 != 0) {
      json.append(' ');
    }
    byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }
}
