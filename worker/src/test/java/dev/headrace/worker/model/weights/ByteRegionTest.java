package dev.headrace.worker.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ByteRegionTest {
  private static final long GIB = 1L << 30;

  @TempDir private Path folder;

  @Test
  void a_mapped_file_is_read_past_two_gibibytes() throws IOException {
    Path file = folder.resolve("sparse.bin");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(3 * GIB);
      for (long position : new long[] {GIB - 1, GIB, 2 * GIB - 1, 2 * GIB, 3 * GIB - 1}) {
        sparse.seek(position);
        sparse.write((int) (position >> 30) + 1);
      }
    }
    ByteRegion region = ByteRegion.map(file);
    assertThat(region.size()).isEqualTo(3 * GIB);
    for (long position : new long[] {GIB - 1, GIB, 2 * GIB - 1, 2 * GIB, 3 * GIB - 1}) {
      assertThat(region.get(position)).isEqualTo((byte) ((position >> 30) + 1));
      assertThat(region.slice(position, 1).get()).isEqualTo((byte) ((position >> 30) + 1));
    }
    assertThat(region.slice(2 * GIB - 1, 2).getShort()).isEqualTo((short) 0x0302);
  }

  @Test
  void what_lies_outside_is_refused_with_the_numbers() {
    ByteRegion region = ByteRegion.of("some.bin", ByteBuffer.allocate(10));
    assertRefused(region, 8, 3);
    assertRefused(region, -1, 1);
    assertRefused(region, 11, 0);
    assertRefused(region, Long.MAX_VALUE, 1);
    assertRefused(region, 0, -1);
  }

  private static void assertRefused(ByteRegion region, long offset, int length) {
    assertThatThrownBy(() -> region.slice(offset, length))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("some.bin: " + length + " bytes at " + offset);
  }
}
