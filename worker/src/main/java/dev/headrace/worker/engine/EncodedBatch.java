package dev.headrace.worker.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What a batch gave: for each row {@code [dimension] float32} or, from a model that says something
 * of each token, {@code [tokens, dimension]}. Immutable; any thread may read it.
 */
public final class EncodedBatch {
  private final float[] values;
  private final int[] starts;
  private final int dimension;

  /**
   * A batch's values.
   *
   * @param starts where each row begins; at the end where the last one ends
   */
  EncodedBatch(float[] values, int[] starts, int dimension) {
    this.values = values;
    this.starts = starts;
    this.dimension = dimension;
  }

  public int rows() {
    return starts.length - 1;
  }

  public int dimension() {
    return dimension;
  }

  /** A copy of one row. */
  public float[] row(int row) {
    return Arrays.copyOfRange(values, start(row), starts[row + 1]);
  }

  /** One row as little-endian float32, as {@code encoding_format: base64} wants it. */
  public byte[] bytes(int row) {
    int start = start(row);
    int length = starts[row + 1] - start;
    ByteBuffer bytes = ByteBuffer.allocate(length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values, start, length);
    return bytes.array();
  }

  /** Whether all values of a row are finite: float16 can overflow. */
  public boolean isFinite(int row) {
    for (int i = start(row); i < starts[row + 1]; i++) {
      if (!Float.isFinite(values[i])) {
        return false;
      }
    }
    return true;
  }

  private int start(int row) {
    if (row < 0 || row >= rows()) {
      throw new IndexOutOfBoundsException("row: " + row + " (expected: 0.." + (rows() - 1) + ")");
    }
    return starts[row];
  }
}
