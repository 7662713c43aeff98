package dev.headrace.worker.batch;

import java.util.Comparator;

/**
 * One row of a request.
 *
 * @param owner the request's number
 * @param row index in the request
 * @param length its tokens
 * @param urgency of the request
 */
public record RowRef(long owner, int row, int length, long urgency) {
  /** Most urgent first; of one request the longest first, since it decides about the padding. */
  static final Comparator<RowRef> BY_URGENCY =
      Comparator.comparingLong(RowRef::urgency)
          .thenComparingLong(RowRef::owner)
          .thenComparing(Comparator.comparingInt(RowRef::length).reversed())
          .thenComparingInt(RowRef::row);

  /** Shortest first, then the most urgent. */
  static final Comparator<RowRef> BY_LENGTH =
      Comparator.comparingInt(RowRef::length)
          .thenComparingLong(RowRef::urgency)
          .thenComparingLong(RowRef::owner)
          .thenComparingInt(RowRef::row);
}
