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
      (a, b) -> {
        int order = Long.compare(a.urgency, b.urgency);
        if (order == 0) {
          order = Long.compare(a.owner, b.owner);
        }
        if (order == 0) {
          order = Integer.compare(b.length, a.length);
        }
        return order == 0 ? Integer.compare(a.row, b.row) : order;
      };

  /** Shortest first, then the most urgent. */
  static final Comparator<RowRef> BY_LENGTH =
      (a, b) -> {
        int order = Integer.compare(a.length, b.length);
        if (order == 0) {
          order = Long.compare(a.urgency, b.urgency);
        }
        if (order == 0) {
          order = Long.compare(a.owner, b.owner);
        }
        return order == 0 ? Integer.compare(a.row, b.row) : order;
      };
}
