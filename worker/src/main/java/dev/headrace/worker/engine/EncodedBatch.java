package dev.headrace.worker.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What a batch gave: {@code values [rows, dimension] float32}. Immutable; any thread may read it.
 */
public final class EncodedBatch {
  private final float[] values;
  private final int rows;
  private final int dimension;

  EncodedBatch(float[] values, int rows, int dimension) {
    this.values = values;
    this.rows = rows;
    this.dimension = dimension;
  }

  public int rows() {
    return rows;
  }

  public int dimension() {
    return dimension;
  }

  /** A copy of one row. */
  public float[] row(int row) {
    int start = start(row);
    return Arrays.copyOfRange(values, start, start + dimension);
  }

  /** One row as little-endian float32, as {@code encoding_format: base64} wants it. */
  public byte[] bytes(int row) {
    ByteBuffer bytes = ByteBuffer.allocate(dimension * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values, start(row), dimension);
    return bytes.array();
  }

  /** Whether all values of a row are finite: float16 can overflow. */
  public boolean isFinite(int row) {
    int start = start(row);
    for (int i = start; i < start + dimension; i++) {
      if (!Float.isFinite(values[i])) {
        return false;
      }
    }
    return true;
  }

  private int start(int row) {
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException("row: " + row + " (expected: 0.." + (rows - 1) + ")");
    }
    return row * dimension;
  }
}
