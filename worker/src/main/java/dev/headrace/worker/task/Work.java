package dev.headrace.worker.task;

import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import java.util.List;

/** A request as work for a model. Immutable. */
public interface Work {
  /** What the model shall run, at least one. */
  List<Row> rows();

  /**
   * Texts of which it needs the vectors besides; they are the same for many requests, are run once
   * and remembered.
   */
  default List<String> sharedTexts() {
    return List.of();
  }

  /**
   * Writes the response.
   *
   * @param outputs one per row, none failed
   * @param shared one vector per shared text, {@code [dimension] float32}
   * @throws dev.headrace.protocol.FailureException INTERNAL_ERROR when an output is no number
   */
  byte[] response(List<RowOutput> outputs, List<float[]> shared);

  /** Tokens of all rows, without padding. */
  default long tokens() {
    return rows().stream().mapToLong(Row::length).sum();
  }
}
