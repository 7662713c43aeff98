package dev.headrace.worker.generate.sample;

import java.util.Arrays;

/**
 * The softmax of a whole vocabulary, not normalised, with sums of blocks so that a draw looks at
 * one block only.
 */
final class Weights {
  private static final int BLOCK = 256;

  private float[] values = new float[0];
  private double[] blocks = new double[0];
  private double total;

  /** {@code e^((logit - highest) / temperature)} of each token. */
  float[] values() {
    return values;
  }

  /** Sum of the values; not finite when a logit was not. */
  double total() {
    return total;
  }

  /**
   * Fills the weights.
   *
   * @param highest of the logits
   * @param least weights below it become 0
   */
  void fill(float[] logits, float highest, double temperature, double least) {
    int size = logits.length;
    if (values.length != size) {
      values = new float[size];
      blocks = new double[(size + BLOCK - 1) / BLOCK];
    }
    float scale = (float) (1 / temperature);
    float floor = (float) least;
    total = 0;
    for (int block = 0; block < blocks.length; block++) {
      int end = Math.min(size, (block + 1) * BLOCK);
      for (int i = block * BLOCK; i < end; i++) {
        values[i] = FastExp.exp((logits[i] - highest) * scale);
      }
      double sum = 0;
      for (int i = block * BLOCK; i < end; i++) {
        if (values[i] < floor) {
          values[i] = 0;
        }
        sum += values[i];
      }
      blocks[block] = sum;
      total += sum;
    }
  }

  /** The token at {@code share} of the total, in the order of the vocabulary. */
  int draw(double share) {
    double left = share * total;
    int block = 0;
    while (block < blocks.length - 1 && left >= blocks[block]) {
      left -= blocks[block++];
    }
    int last = -1;
    int end = Math.min(values.length, (block + 1) * BLOCK);
    for (int i = block * BLOCK; i < end; i++) {
      if (values[i] > 0) {
        last = i;
        left -= values[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last >= 0 ? last : lastPositive();
  }

  /** Where rounding left a draw behind the end. */
  private int lastPositive() {
    for (int i = values.length - 1; i >= 0; i--) {
      if (values[i] > 0) {
        return i;
      }
    }
    throw new IllegalStateException("weights: all 0 of " + Arrays.toString(blocks));
  }
}
