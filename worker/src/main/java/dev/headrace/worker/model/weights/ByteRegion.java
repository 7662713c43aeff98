package dev.headrace.worker.model.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A read-only run of bytes, longer than 2 GiB where need be: a memory-mapped file or a buffer.
 *
 * <p>A mapped file is cut into windows a GiB apart, each two GiB long, so that any slice of up to a
 * GiB lies in one window.
 */
public final class ByteRegion {
  private static final long STRIDE = 1L << 30;

  /** The longest slice. */
  public static final int MAX_SLICE = 1 << 30;

  private final String name;
  private final long size;
  private final List<ByteBuffer> windows;

  private ByteRegion(String name, long size, List<ByteBuffer> windows) {
    this.name = name;
    this.size = size;
    this.windows = windows;
  }

  /** Maps a file. The mapping goes when the region is no longer reachable. */
  public static ByteRegion map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      List<ByteBuffer> windows = new ArrayList<>();
      for (long start = 0; start < size; start += STRIDE) {
        long length = Math.min(size - start, Integer.MAX_VALUE);
        windows.add(channel.map(MapMode.READ_ONLY, start, length));
      }
      return new ByteRegion(String.valueOf(file.getFileName()), size, windows);
    }
  }

  /** A region over the buffer's remaining bytes; {@code name} is what error messages call it. */
  public static ByteRegion of(String name, ByteBuffer bytes) {
    ByteBuffer view = bytes.slice().asReadOnlyBuffer();
    return new ByteRegion(name, view.remaining(), List.of(view));
  }

  public String name() {
    return name;
  }

  public long size() {
    return size;
  }

  /** The byte at {@code position}, which the caller has checked to be inside. */
  byte get(long position) {
    int window = (int) Math.min(position / STRIDE, windows.size() - 1);
    return windows.get(window).get((int) (position - window * STRIDE));
  }

  /** A little-endian, read-only view of {@code length} bytes from {@code offset}. */
  public ByteBuffer slice(long offset, int length) throws MalformedModelException {
    check(offset, length);
    if (length > MAX_SLICE) {
      throw new IllegalArgumentException("length: " + length + " (expected: <= " + MAX_SLICE + ")");
    }
    if (length == 0) {
      return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    int window = (int) Math.min(offset / STRIDE, windows.size() - 1);
    ByteBuffer view = windows.get(window).slice((int) (offset - window * STRIDE), length);
    return view.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Fails when {@code [offset, offset + length)} is not inside. */
  void check(long offset, long length) throws MalformedModelException {
    if (offset < 0 || length < 0 || offset > size || length > size - offset) {
      throw new MalformedModelException(
          name + ": " + length + " bytes at " + offset + " (expected: within " + size + " bytes)");
    }
  }
}
