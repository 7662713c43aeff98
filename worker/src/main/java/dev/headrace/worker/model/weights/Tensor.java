package dev.headrace.worker.model.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;

/**
 * A tensor that is read when it is written somewhere else: row-major elements of one type. It may
 * be larger than the heap, so it is only ever read in pieces.
 */
public abstract class Tensor {
  /** Elements converted at a time; chosen: 256 KiB of float32 stays in the second-level cache. */
  static final int CHUNK = 1 << 16;

  private final ElementType type;
  private final long[] shape;
  private final long elements;

  protected Tensor(ElementType type, long... shape) {
    this.type = type;
    this.shape = shape.clone();
    this.elements = elements(shape);
  }

  /** The number of elements of a shape; fails on negative sizes and on overflow. */
  static long elements(long... shape) {
    long count = 1;
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException(
            "shape: " + Arrays.toString(shape) + " (expected: no negative size)");
      }
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  public final ElementType type() {
    return type;
  }

  public final long[] shape() {
    return shape.clone();
  }

  /** The size of one dimension. */
  public final long size(int dimension) {
    return shape[dimension];
  }

  public final int rank() {
    return shape.length;
  }

  public final long elements() {
    return elements;
  }

  public final long byteSize() {
    return Math.multiplyExact(elements, type.bytes());
  }

  /** Copies elements {@code [from, from + length)}, as float32, to {@code into[at..]}. */
  public abstract void readFloats(long from, float[] into, int at, int length) throws IOException;

  /** Writes all elements, little-endian. */
  public void writeTo(WritableByteChannel out) throws IOException {
    float[] floats = new float[(int) Math.min(CHUNK, elements)];
    ByteBuffer bytes =
        ByteBuffer.allocate(floats.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long from = 0; from < elements; from += floats.length) {
      int length = (int) Math.min(floats.length, elements - from);
      readFloats(from, floats, 0, length);
      bytes.clear();
      FloatBits.encode(type, floats, length, bytes);
      writeFully(bytes.flip(), out);
    }
  }

  /** All elements as float32, for tensors that fit an array. */
  public final float[] toFloats() throws IOException {
    float[] floats = new float[Math.toIntExact(elements)];
    readFloats(0, floats, 0, floats.length);
    return floats;
  }

  static void writeFully(ByteBuffer bytes, WritableByteChannel out) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  @Override
  public final String toString() {
    return type + Arrays.toString(shape);
  }
}
