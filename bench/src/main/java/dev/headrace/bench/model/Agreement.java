package dev.headrace.bench.model;

import dev.headrace.bench.Vectors;

/** How near vectors of length 1 are to those that they should be. */
final class Agreement {
  private Agreement() {}

  /** The largest difference of two components. */
  static double maxError(float[][] actual, float[][] expected) {
    double worst = 0;
    for (int row = 0; row < actual.length; row++) {
      for (int i = 0; i < actual[row].length; i++) {
        worst = Math.max(worst, Math.abs(actual[row][i] - expected[row][i]));
      }
    }
    return worst;
  }

  /** The cosines, one a row. */
  static double[] cosines(float[][] actual, float[][] expected) {
    double[] cosines = new double[actual.length];
    for (int row = 0; row < cosines.length; row++) {
      cosines[row] = Vectors.dot(actual[row], expected[row]);
    }
    return cosines;
  }

  /** The share of rows whose nearest other row is the same one in both. */
  static double sameNeighbour(float[][] actual, float[][] expected) {
    int same = 0;
    for (int row = 0; row < actual.length; row++) {
      if (nearest(row, actual) == nearest(row, expected)) {
        same++;
      }
    }
    return (double) same / actual.length;
  }

  private static int nearest(int row, float[][] vectors) {
    int best = -1;
    double most = Double.NEGATIVE_INFINITY;
    for (int other = 0; other < vectors.length; other++) {
      double cosine =
          other == row ? Double.NEGATIVE_INFINITY : Vectors.dot(vectors[row], vectors[other]);
      if (cosine > most) {
        most = cosine;
        best = other;
      }
    }
    return best;
  }
}
