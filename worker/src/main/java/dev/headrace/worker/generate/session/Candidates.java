package dev.headrace.worker.generate.session;

/**
 * The most likely tokens of a row, by falling logit, so that sampling need not read all of it.
 *
 * @param ids {@code [count]}
 * @param logits of these
 * @param total sum over the whole vocabulary of {@code e^((logit - highest) / temperature)}
 */
@SuppressWarnings("ArrayRecordComponent") // one of these for each token that is sampled
public record Candidates(int[] ids, float[] logits, double total) {
  /** How many a device finds, at most (chosen: top-k is hardly ever larger). */
  public static final int COUNT = 256;

  public int count() {
    return ids.length;
  }
}
