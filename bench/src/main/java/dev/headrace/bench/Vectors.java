package dev.headrace.bench;

/** Arithmetic of vectors. */
public final class Vectors {
  private Vectors() {}

  /** The dot product; of normalised vectors their cosine. */
  public static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
