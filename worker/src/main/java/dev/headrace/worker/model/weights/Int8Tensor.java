package dev.headrace.worker.model.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * A matrix quantised to int8 row by row: {@code w = scale[row] * q}, symmetric, q in -127..127. The
 * values are computed while they are written.
 */
public final class Int8Tensor extends Tensor {
  private final Tensor matrix;
  private final float[] scales;

  private Int8Tensor(Tensor matrix, float[] scales) {
    super(ElementType.INT8, matrix.shape());
    this.matrix = matrix;
    this.scales = scales;
  }

  /** Reads the matrix once to find each row's largest magnitude. */
  public static Int8Tensor perRow(Tensor matrix) throws IOException {
    int rows = Math.toIntExact(matrix.size(0));
    float[] row = new float[Math.toIntExact(matrix.size(1))];
    float[] scales = new float[rows];
    for (int i = 0; i < rows; i++) {
      matrix.readFloats((long) i * row.length, row, 0, row.length);
      float largest = 0;
      for (float value : row) {
        largest = Math.max(largest, Math.abs(value));
      }
      if (!Float.isFinite(largest)) {
        throw new MalformedModelException(
            "tensor " + matrix + ": row " + i + " has " + largest + " (expected: finite weights)");
      }
      // A row of zeros needs some positive scale.
      scales[i] = largest == 0 ? 1 : largest / 127;
    }
    return new Int8Tensor(matrix, scales);
  }

  /** {@code scales [rows] float32}. */
  public Tensor scales() {
    return Tensors.of(scales, scales.length);
  }

  @Override
  public void writeTo(WritableByteChannel out) throws IOException {
    float[] row = new float[Math.toIntExact(size(1))];
    ByteBuffer bytes = ByteBuffer.allocate(row.length);
    for (int i = 0; i < scales.length; i++) {
      matrix.readFloats((long) i * row.length, row, 0, row.length);
      bytes.clear();
      for (float value : row) {
        bytes.put((byte) Math.rint(value / scales[i]));
      }
      writeFully(bytes.flip(), out);
    }
  }

  /** The values as they will be multiplied. */
  @Override
  public void readFloats(long from, float[] into, int at, int length) throws IOException {
    matrix.readFloats(from, into, at, length);
    for (int i = 0; i < length; i++) {
      float scale = scales[(int) ((from + i) / size(1))];
      into[at + i] = (float) Math.rint(into[at + i] / scale) * scale;
    }
  }
}
