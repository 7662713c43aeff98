package dev.headrace.worker.model.weights;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/** Tensors made from arrays and from other tensors. What can be read lazily is. */
public final class Tensors {
  private Tensors() {}

  public static Tensor of(float[] values, long... shape) {
    return new ArrayTensor(values, shape);
  }

  /** The same values as another float type; the tensor itself when it has that type already. */
  public static Tensor as(ElementType type, Tensor tensor) {
    return tensor.type() == type ? tensor : new Converted(type, tensor);
  }

  /** The tensors one after the other along the first dimension. */
  public static Tensor concat(List<Tensor> parts) {
    return parts.size() == 1 ? parts.get(0) : new Concatenated(parts);
  }

  /** Row {@code order[i]} of a tensor as row {@code i}. */
  public static Tensor rows(Tensor tensor, int[] order) {
    return new Reordered(tensor, order);
  }

  /**
   * {@code [a, b]} as {@code [b, a]}. Held in memory: only ONNX files need it, and they are small.
   */
  public static Tensor transposed(Tensor matrix) throws IOException {
    if (matrix.rank() != 2) {
      throw new IllegalArgumentException("tensor: " + matrix + " (expected: a matrix)");
    }
    int rows = Math.toIntExact(matrix.size(0));
    int columns = Math.toIntExact(matrix.size(1));
    float[] from = matrix.toFloats();
    float[] to = new float[from.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
    return new ArrayTensor(to, columns, rows);
  }

  private static final class ArrayTensor extends Tensor {
    private final float[] values;

    ArrayTensor(float[] values, long... shape) {
      super(ElementType.FLOAT32, shape);
      if (values.length != elements()) {
        throw new IllegalArgumentException(
            "values: " + values.length + " (expected: " + elements() + ", as " + this + " has)");
      }
      this.values = values;
    }

    @Override
    public void readFloats(long from, float[] into, int at, int length) {
      System.arraycopy(values, (int) from, into, at, length);
    }
  }

  private static final class Converted extends Tensor {
    private final Tensor tensor;

    Converted(ElementType type, Tensor tensor) {
      super(type, tensor.shape());
      this.tensor = tensor;
    }

    @Override
    public void readFloats(long from, float[] into, int at, int length) throws IOException {
      tensor.readFloats(from, into, at, length);
    }
  }

  private static final class Concatenated extends Tensor {
    private final List<Tensor> parts;

    Concatenated(List<Tensor> parts) {
      super(parts.get(0).type(), shape(parts));
      this.parts = List.copyOf(parts);
    }

    private static long[] shape(List<Tensor> parts) {
      long[] shape = parts.get(0).shape();
      shape[0] = 0;
      for (Tensor part : parts) {
        shape[0] += part.size(0);
        boolean same = part.type() == parts.get(0).type() && part.rank() == shape.length;
        for (int i = 1; same && i < shape.length; i++) {
          same = part.size(i) == shape[i];
        }
        if (!same) {
          throw new IllegalArgumentException(
              "tensor: " + part + " (expected: like " + parts.get(0) + " but for the first size)");
        }
      }
      return shape;
    }

    @Override
    public void readFloats(long from, float[] into, int at, int length) throws IOException {
      long start = 0;
      for (Tensor part : parts) {
        long end = start + part.elements();
        long first = Math.max(from, start);
        long last = Math.min(from + length, end);
        if (first < last) {
          part.readFloats(first - start, into, at + (int) (first - from), (int) (last - first));
        }
        start = end;
      }
    }

    @Override
    public void writeTo(WritableByteChannel out) throws IOException {
      for (Tensor part : parts) {
        part.writeTo(out);
      }
    }
  }

  private static final class Reordered extends Tensor {
    private final Tensor tensor;
    private final int[] order;

    Reordered(Tensor tensor, int[] order) {
      super(tensor.type(), shape(tensor, order.length));
      this.tensor = tensor;
      this.order = order.clone();
    }

    private static long[] shape(Tensor tensor, int rows) {
      long[] shape = tensor.shape();
      shape[0] = rows;
      return shape;
    }

    @Override
    public void readFloats(long from, float[] into, int at, int length) throws IOException {
      long width = elements() / order.length;
      for (int done = 0; done < length; ) {
        long element = from + done;
        long inRow = element % width;
        int piece = (int) Math.min(length - done, width - inRow);
        tensor.readFloats(order[(int) (element / width)] * width + inRow, into, at + done, piece);
        done += piece;
      }
    }
  }
}
