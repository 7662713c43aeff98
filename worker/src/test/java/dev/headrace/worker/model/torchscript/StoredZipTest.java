package dev.headrace.worker.model.torchscript;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredZipTest {
  @TempDir private Path folder;

  @Test
  void entries_are_read_back_and_start_at_multiples_of_64_bytes() throws IOException {
    byte[][] contents = new byte[20][];
    Random random = new Random(3);
    Path file = folder.resolve("a.zip");
    try (FileChannel channel = open(file);
        StoredZip zip = new StoredZip(channel)) {
      for (int i = 0; i < contents.length; i++) {
        contents[i] = new byte[random.nextInt(300)];
        random.nextBytes(contents[i]);
        zip.add("m/data/" + i + "x".repeat(random.nextInt(70)), contents[i]);
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.size()).isEqualTo(contents.length);
      for (ZipEntry entry :
          (Iterable<ZipEntry>) () -> zip.stream().map(e -> (ZipEntry) e).iterator()) {
        int number = Integer.parseInt(entry.getName().replaceAll("\\D", ""));
        assertThat(zip.getInputStream(entry).readAllBytes()).isEqualTo(contents[number]);
        assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
        assertThat(dataStart(bytes, entry.getName()) % 64).isZero();
      }
    }
  }

  @Test
  void entries_past_four_gibibytes_are_found() throws IOException {
    Path file = folder.resolve("large.zip");
    try (FileChannel channel = open(file);
        StoredZip zip = new StoredZip(channel)) {
      zip.add("first", new byte[] {1});
      channel.position(5L << 30); // a hole, which costs no disk, in place of a tensor
      zip.add("second", new byte[] {2});
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.getInputStream(zip.getEntry("first")).readAllBytes()).containsExactly(1);
      assertThat(zip.getInputStream(zip.getEntry("second")).readAllBytes()).containsExactly(2);
    }
  }

  @Test
  void content_of_another_size_than_announced_is_refused() throws IOException {
    try (FileChannel channel = open(folder.resolve("b.zip"))) {
      StoredZip zip = new StoredZip(channel);
      assertThatThrownBy(() -> zip.add("x", 3, out -> out.write(ByteBuffer.allocate(2))))
          .isInstanceOf(IOException.class)
          .hasMessage("x: 2 bytes written (expected: 3)");
    }
  }

  private static int dataStart(byte[] zip, String name) {
    int header = new String(zip, StandardCharsets.ISO_8859_1).indexOf(name) - 30;
    int extra = (zip[header + 28] & 0xff) | (zip[header + 29] & 0xff) << 8;
    return header + 30 + name.length() + extra;
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }
}
