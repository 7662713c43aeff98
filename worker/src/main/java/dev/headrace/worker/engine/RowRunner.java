package dev.headrace.worker.engine;

import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.text.TokenizedText;
import java.util.List;

/** Runs groups of rows through a loaded module, with buffers of its own: one a thread. */
interface RowRunner extends AutoCloseable {
  /**
   * Runs a group.
   *
   * @param values takes the values of the group's rows
   */
  void run(List<TokenizedText> texts, Group group, BatchValues values);

  @Override
  void close();
}
