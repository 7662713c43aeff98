package dev.headrace.worker.device;

import dev.headrace.protocol.FailureException;
import java.util.List;

/**
 * Models on a device that computes beside the host: a batch is started, and while it runs the next
 * one is prepared and started behind it. Owned by one thread.
 */
public interface StagedRunner extends BatchRunner {
  /** A batch under way. */
  interface Running {
    /**
     * Waits for it; to be called once.
     *
     * @return one output per row, in their order
     * @throws FailureException whose kind says what is to be done
     */
    List<RowOutput> await() throws FailureException;

    /** Whether it is over, so that {@link #await} does not wait. */
    default boolean done() {
      return true;
    }
  }

  /** Batches that may be under way at a time; at least 1. */
  int depth();

  /**
   * Starts a batch; what was started first is awaited first.
   *
   * @throws FailureException whose kind says what is to be done
   */
  Running start(ServedModel model, List<Row> rows) throws FailureException;

  @Override
  default List<RowOutput> run(ServedModel model, List<Row> rows) throws FailureException {
    return start(model, rows).await();
  }
}
