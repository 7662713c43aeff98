package dev.headrace.worker.batch;

import dev.headrace.protocol.service.ServiceCurve;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;

/**
 * Grows a batch around its most urgent row, through the rows sorted by length, each time towards
 * the neighbour that costs less padding. It stops at the limits, and where a neighbour's padding
 * would cost more than a batch of its own. Where nothing is padded it stops at the limits only.
 */
final class Window {
  /** What a batch costs outside of the device: marks, queues, calls (measured: 0.2 to 0.5 ms). */
  private static final double OVERHEAD_SECONDS = 0.5e-3;

  private final NavigableSet<RowRef> byLength;
  private final Limits limits;
  private final ArrayDeque<RowRef> rows = new ArrayDeque<>();
  private long tokens;

  private Window(NavigableSet<RowRef> byLength, Limits limits) {
    this.byLength = byLength;
    this.limits = limits;
  }

  /**
   * The rows of a batch around {@code seed}, ascending by length; {@code byLength} is only read.
   */
  static List<RowRef> around(RowRef seed, NavigableSet<RowRef> byLength, Limits limits) {
    Window window = new Window(byLength, limits);
    window.rows.add(seed);
    window.tokens = seed.length();
    window.grow();
    return new ArrayList<>(window.rows);
  }

  private void grow() {
    RowRef shorter = fitting(byLength.lower(rows.getFirst()));
    RowRef longer = fitting(byLength.higher(rows.getLast()));
    while (true) {
      if (shorter != null && (longer == null || padding(shorter) <= padding(longer))) {
        rows.addFirst(shorter);
        tokens += shorter.length();
      } else if (longer != null) {
        rows.addLast(longer);
        tokens += longer.length();
      } else {
        return;
      }
      shorter = fitting(byLength.lower(rows.getFirst()));
      longer = fitting(byLength.higher(rows.getLast()));
    }
  }

  private int length() {
    return limits.pads() ? rows.getLast().length() : Batch.mean(tokens, rows.size());
  }

  private int lengthWith(RowRef row) {
    return limits.pads()
        ? Math.max(length(), row.length())
        : Batch.mean(tokens + row.length(), rows.size() + 1);
  }

  /** Tokens of padding that a row would add; where nothing is padded, how unlike the rest it is. */
  private long padding(RowRef row) {
    if (!limits.pads()) {
      return Math.abs(length() - row.length());
    }
    return row.length() <= length()
        ? length() - row.length()
        : (long) rows.size() * (row.length() - length());
  }

  /** The row if it may and should join, else null. */
  private @Nullable RowRef fitting(@Nullable RowRef row) {
    if (row == null) {
      return null;
    }
    int joined = lengthWith(row);
    if (!limits.allow(rows.size() + 1, joined)) {
      return null;
    }
    ServiceCurve curve = limits.curve();
    double more = curve.batchSeconds(rows.size() + 1, joined) - seconds();
    double apart = curve.batchSeconds(1, row.length()) + OVERHEAD_SECONDS;
    return more <= apart ? row : null;
  }

  private double seconds() {
    return limits.curve().batchSeconds(rows.size(), length());
  }
}
