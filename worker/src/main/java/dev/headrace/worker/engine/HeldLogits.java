package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.Logits;

/** Logits that hold memory until the session's next step. */
abstract class HeldLogits implements Logits, AutoCloseable {
  private final int rows;
  private boolean open = true;

  HeldLogits(int rows) {
    this.rows = rows;
  }

  @Override
  public final int rows() {
    return rows;
  }

  /**
   * To be called before a row is read.
   *
   * @throws IllegalStateException when the memory is gone
   * @throws IndexOutOfBoundsException when there is no such row
   */
  final void check(int row) {
    if (!open) {
      throw new IllegalStateException("logits of an earlier step (expected: of the last one)");
    }
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException("row: " + row + " (expected: 0.." + (rows - 1) + ")");
    }
  }

  /** The memory is about to go. */
  final void end() {
    open = false;
  }

  @Override
  public abstract void close();
}
