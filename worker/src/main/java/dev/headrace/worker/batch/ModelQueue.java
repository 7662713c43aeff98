package dev.headrace.worker.batch;

import dev.headrace.protocol.service.ServiceCurve;
import java.util.List;
import java.util.TreeSet;

/** The waiting rows of one model, by length and by urgency. */
final class ModelQueue {
  private final TreeSet<RowRef> byLength = new TreeSet<>(RowRef.BY_LENGTH);
  private final TreeSet<RowRef> byUrgency = new TreeSet<>(RowRef.BY_URGENCY);
  private long tokens;
  private double tokensSquared;

  void add(RowRef row) {
    byLength.add(row);
    byUrgency.add(row);
    count(row, 1);
  }

  void remove(RowRef row) {
    if (byLength.remove(row)) {
      byUrgency.remove(row);
      count(row, -1);
    }
  }

  private void count(RowRef row, int sign) {
    tokens += (long) sign * row.length();
    tokensSquared += (double) sign * row.length() * row.length();
  }

  boolean isEmpty() {
    return byLength.isEmpty();
  }

  int rows() {
    return byLength.size();
  }

  /** The row whose turn it is; the queue is not empty. */
  RowRef first() {
    return byUrgency.first();
  }

  /** All rows, the one whose turn it is first; not to be changed meanwhile. */
  Iterable<RowRef> byUrgency() {
    return byUrgency;
  }

  /** The rows to run with the most urgent one; they stay in the queue. */
  List<RowRef> window(Limits limits) {
    return Window.around(byUrgency.first(), byLength, limits);
  }

  /** Seconds of service of all rows in batches of the usual size. */
  double seconds(ServiceCurve curve, double batchRows) {
    return curve.fixedSeconds() * Math.ceil(rows() / Math.max(1, batchRows))
        + curve.secondsPerToken() * tokens
        + curve.secondsPerTokenSquared() * tokensSquared;
  }
}
