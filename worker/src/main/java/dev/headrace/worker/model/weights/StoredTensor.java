package dev.headrace.worker.model.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** A tensor whose bytes lie in a file. */
public final class StoredTensor extends Tensor {
  private final ByteRegion region;
  private final long offset;

  /**
   * Fails when the elements of {@code shape}, from {@code offset} on, are not inside the region.
   */
  public StoredTensor(ByteRegion region, long offset, ElementType type, long... shape)
      throws MalformedModelException {
    super(type, shape);
    region.check(offset, byteSize());
    this.region = region;
    this.offset = offset;
  }

  @Override
  public void readFloats(long from, float[] into, int at, int length) throws IOException {
    int bytes = type().bytes();
    for (int done = 0; done < length; ) {
      int piece = Math.min(length - done, CHUNK);
      ByteBuffer source = region.slice(offset + (from + done) * bytes, piece * bytes);
      FloatBits.decode(type(), source, into, at + done, piece);
      done += piece;
    }
  }

  @Override
  public void writeTo(WritableByteChannel out) throws IOException {
    long size = byteSize();
    for (long from = 0; from < size; from += ByteRegion.MAX_SLICE) {
      int length = (int) Math.min(ByteRegion.MAX_SLICE, size - from);
      writeFully(region.slice(offset + from, length), out);
    }
  }
}
