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

  /** Tokens with padding. */
  public long paddedTokens() {
    return (long) rows.size() * paddedLength();
  }
}
