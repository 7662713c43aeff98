package dev.headrace.worker.device;

import java.util.Collections;
import java.util.List;

/**
 * Rows for the device.
 *
 * @param id given back with what became of them
 * @param model which all rows are for
 * @param rows at least one; ascending by length
 * @param urgency of each row, lower is earlier ({@code batch.Urgency}); an engine by iterations
 *     lets rows join in this order
 */
public record DeviceBatch(long id, ServedModel model, List<Row> rows, List<Long> urgency) {
  /** Rows of which none is more urgent than another. */
  public DeviceBatch(long id, ServedModel model, List<Row> rows) {
    this(id, model, rows, Collections.nCopies(rows.size(), 0L));
  }

  public DeviceBatch {
    rows = List.copyOf(rows);
    urgency = List.copyOf(urgency);
    if (rows.size() != urgency.size()) {
      throw new IllegalArgumentException(
          "urgency: " + urgency.size() + " (expected: one for each of " + rows.size() + " rows)");
    }
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("rows: none (expected: at least one)");
    }
  }

  /** Tokens that each row costs: those of the longest where the model pads, else their mean. */
  public int lengthCharged() {
    if (model.pads()) {
      return rows.get(rows.size() - 1).length();
    }
    long tokens = rows.stream().mapToLong(Row::length).sum();
    return (int) ((tokens + rows.size() - 1) / rows.size());
  }
}
