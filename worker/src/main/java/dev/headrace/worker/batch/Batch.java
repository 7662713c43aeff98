package dev.headrace.worker.batch;

import java.util.List;

/**
 * Rows to run together.
 *
 * @param model name of the model
 * @param rows ascending by length
 * @param alone whether nothing else may be on the device meanwhile
 */
public record Batch(String model, List<RowRef> rows, boolean alone) {
  public Batch {
    rows = List.copyOf(rows);
  }

  /** Tokens to which every row is padded. */
  public int paddedLength() {
    return rows.get(rows.size() - 1).length();
  }

  /**
   * Tokens that each row costs.
   *
   * @param pads whether those of the longest, else the mean
   */
  public int lengthCharged(boolean pads) {
    return pads ? paddedLength() : mean(tokens(), rows.size());
  }

  private long tokens() {
    return rows.stream().mapToLong(RowRef::length).sum();
  }

  /** Rounded up, so that a batch never seems smaller than it is. */
  static int mean(long tokens, int rows) {
    return (int) ((tokens + rows - 1) / rows);
  }

  /** Tokens with padding. */
  public long paddedTokens() {
    return (long) rows.size() * paddedLength();
  }
}
