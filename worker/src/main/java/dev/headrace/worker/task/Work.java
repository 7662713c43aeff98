package dev.headrace.worker.task;

import dev.headrace.protocol.body.FinishReason;
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

  /** Whether the same request gives the same result again; else no cache may keep it. */
  default boolean repeatable() {
    return true;
  }

  /** Whether the client reads along. */
  default boolean streamed() {
    return false;
  }

  /**
   * Writes what there is of a response that was ended before its time, beside the error.
   *
   * @param outputs one per row, none failed
   * @param reason why it was ended
   * @param message the same in words
   */
  default byte[] partial(List<RowOutput> outputs, FinishReason reason, String message) {
    throw new IllegalStateException("nothing partial in " + getClass().getSimpleName());
  }

  /** Tokens of all rows, without padding. */
  default long tokens() {
    long tokens = 0;
    for (Row row : rows()) {
      tokens += row.length();
    }
    return tokens;
  }
}
