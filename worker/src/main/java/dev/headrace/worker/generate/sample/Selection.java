package dev.headrace.worker.generate.sample;

import java.util.Arrays;

/**
 * The most likely tokens of a row, without sorting all of it: the best {@code k} by a heap whose
 * root nearly every logit fails to beat, or the head of the distribution by a histogram of weights.
 */
final class Selection {
  /** Buckets of the histogram, sixteen to each halving of the weight: bits 30 to 19 of a float. */
  private static final int SHIFT = 19;

  private static final int BUCKETS = (Float.floatToRawIntBits(1f) >>> SHIFT) + 1;

  private final double[] mass = new double[BUCKETS];
  private long[] ranked = new long[256];
  private int count;

  /** Tokens that are selected, by falling logit. */
  int count() {
    return count;
  }

  int token(int i) {
    return Ranked.token(ranked[i]);
  }

  float logit(int i) {
    return Ranked.logit(ranked[i]);
  }

  /** Keeps the first {@code n} only. */
  void cut(int n) {
    count = Math.min(count, n);
  }

  /** Selects the {@code k} highest of {@code logits}. */
  void top(float[] logits, int k) {
    int size = logits.length;
    count = Math.min(k, size);
    room(count);
    int filled = 0;
    float least = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      float logit = logits[i];
      if (filled < count) {
        push(filled++, Ranked.of(logit, i));
        least = Ranked.logit(ranked[0]);
      } else if (logit > least) {
        // An equal logit of a later token ranks lower, so only higher ones replace the root.
        replaceRoot(Ranked.of(logit, i));
        least = Ranked.logit(ranked[0]);
      }
    }
    sortFalling();
  }

  /** Selects the first {@code k} of tokens that are in order already, but for equal logits. */
  void first(int[] tokens, float[] logits, int k) {
    count = Math.min(k, tokens.length);
    room(count);
    for (int i = 0; i < count; i++) {
      ranked[i] = Ranked.of(logits[i], tokens[i]);
    }
    sortFalling();
  }

  private void room(int n) {
    if (ranked.length < n) {
      ranked = Arrays.copyOf(ranked, Math.max(n, ranked.length * 2));
    }
  }

  private void push(int at, long value) {
    int child = at;
    while (child > 0) {
      int parent = (child - 1) >>> 1;
      if (ranked[parent] <= value) {
        break;
      }
      ranked[child] = ranked[parent];
      child = parent;
    }
    ranked[child] = value;
  }

  private void replaceRoot(long value) {
    int parent = 0;
    for (int child = 1; child < count; child = 2 * parent + 1) {
      if (child + 1 < count && ranked[child + 1] < ranked[child]) {
        child++;
      }
      if (ranked[child] >= value) {
        break;
      }
      ranked[parent] = ranked[child];
      parent = child;
    }
    ranked[parent] = value;
  }

  /**
   * Selects tokens that together have at least {@code share} of all weight, and hardly more.
   *
   * @param weights [vocabulary], 0 to 1, the highest is 1
   * @param logits of the same tokens, to rank them by
   * @param total of the weights
   */
  void head(float[] weights, float[] logits, double total, double share) {
    int size = logits.length;
    Arrays.fill(mass, 0);
    for (int i = 0; i < size; i++) {
      float weight = weights[i];
      mass[Float.floatToRawIntBits(weight) >>> SHIFT] += weight;
    }
    int bucket = BUCKETS;
    double sum = 0;
    while (bucket > 1 && sum < share * total) {
      sum += mass[--bucket];
    }
    float least = Float.intBitsToFloat(bucket << SHIFT);
    count = 0;
    for (int i = 0; i < size; i++) {
      if (weights[i] >= least) {
        room(count + 1);
        ranked[count++] = Ranked.of(logits[i], i);
      }
    }
    sortFalling();
  }

  private void sortFalling() {
    Arrays.sort(ranked, 0, count);
    for (int i = 0, j = count - 1; i < j; i++, j--) {
      long swap = ranked[i];
      ranked[i] = ranked[j];
      ranked[j] = swap;
    }
  }
}
