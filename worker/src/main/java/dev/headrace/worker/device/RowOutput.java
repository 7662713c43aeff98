package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;

/** What a model made of one row. */
public sealed interface RowOutput {
  /**
   * An embedding.
   *
   * @param values {@code [dimension] float32}; never modified
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Vector(float[] values) implements RowOutput {}

  /** Nothing: this row alone went wrong, as with a result that is no number. */
  record Failed(Failure failure) implements RowOutput {}
}
