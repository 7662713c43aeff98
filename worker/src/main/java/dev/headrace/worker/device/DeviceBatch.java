package dev.headrace.worker.device;

import java.util.List;

/**
 * Rows for the device.
 *
 * @param id given back with what became of them
 * @param model which all rows are for
 * @param rows at least one; ascending by length
 */
public record DeviceBatch(long id, ServedModel model, List<Row> rows) {
  public DeviceBatch {
    rows = List.copyOf(rows);
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
