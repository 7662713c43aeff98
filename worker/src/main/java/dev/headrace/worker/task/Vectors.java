package dev.headrace.worker.task;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.RowOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Arithmetic on embeddings, {@code [dimension] float32}. */
public final class Vectors {
  private Vectors() {}

  /**
   * The vectors of finished rows.
   *
   * @throws FailureException the failure of a row that has one, INTERNAL_ERROR for a component that
   *     is no number
   */
  public static List<float[]> of(List<RowOutput> outputs) {
    List<float[]> vectors = new ArrayList<>(outputs.size());
    for (int i = 0; i < outputs.size(); i++) {
      vectors.add(vector(i, outputs.get(i)));
    }
    return vectors;
  }

  private static float[] vector(int row, RowOutput output) {
    if (output instanceof RowOutput.Failed failed) {
      throw new FailureException(failed.failure());
    }
    if (!(output instanceof RowOutput.Vector vector)) {
      throw new FailureException(
          ErrorCode.INTERNAL_ERROR, "row " + row + ": a text (expected: a vector)");
    }
    float[] values = vector.values();
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new FailureException(
            ErrorCode.INTERNAL_ERROR,
            "row " + row + ": " + value + " in the model's output (expected: finite)");
      }
    }
    return values;
  }

  /** The leading components, scaled to length 1 (Matryoshka representation, arXiv 2205.13147). */
  static float[] shortened(float[] vector, int dimensions) {
    float[] head = Arrays.copyOf(vector, dimensions);
    double norm = Math.sqrt(dot(head, head));
    if (norm > 0) {
      for (int i = 0; i < head.length; i++) {
        head[i] = (float) (head[i] / norm);
      }
    }
    return head;
  }

  /** Cosine of the angle between two vectors, 0 when one is zero. */
  static double cosine(float[] a, float[] b) {
    double norms = Math.sqrt(dot(a, a) * dot(b, b));
    return norms > 0 ? dot(a, b) / norms : 0;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
