package dev.headrace.worker.model.safetensors;

import dev.headrace.worker.model.weights.ByteRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files for tests, right ones and wrong ones. */
final class SafetensorsBytes {
  private SafetensorsBytes() {}

  /** A file with this header, in which ' stands for ", and so many bytes of data: 0, 1, 2, .... */
  static byte[] of(String header, int dataBytes) {
    return of(header.replace('\'', '"').getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static byte[] of(byte[] header, int dataBytes) {
    ByteBuffer file = ByteBuffer.allocate(Long.BYTES + header.length + dataBytes);
    file.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  /** A file with float32 tensors of one element, the n-th holding n. */
  static byte[] scalars(String... names) {
    StringBuilder header = new StringBuilder();
    ByteBuffer data = ByteBuffer.allocate(names.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < names.length; i++) {
      header.append(i == 0 ? "{" : ",");
      header.append(
          "'%s':{'dtype':'F32','shape':[],'data_offsets':[%d,%d]}"
              .formatted(names[i], i * 4, i * 4 + 4));
      data.putFloat(i);
    }
    byte[] file = of(header.append("}").toString(), data.capacity());
    System.arraycopy(data.array(), 0, file, file.length - data.capacity(), data.capacity());
    return file;
  }

  static SafetensorsFile read(byte[] file) throws IOException {
    return SafetensorsFile.read(ByteRegion.of("x.safetensors", ByteBuffer.wrap(file)));
  }

  static void write(Path file, byte[] content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }
}
