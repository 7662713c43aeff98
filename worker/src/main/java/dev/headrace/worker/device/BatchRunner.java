package dev.headrace.worker.device;

import dev.headrace.protocol.FailureException;
import java.util.List;
import java.util.Optional;

/** Models that run a whole batch in one call. Owned by one thread. */
public interface BatchRunner extends AutoCloseable {
  /** The models, loaded. */
  List<ServedModel> models();

  /**
   * Runs a batch.
   *
   * @param rows of this model, ascending by length
   * @return one output per row, in the same order
   * @throws FailureException whose kind says what is to be done
   */
  List<RowOutput> run(ServedModel model, List<Row> rows) throws FailureException;

  /** Models that were asked for and cannot be served; there are others. */
  default List<BrokenModel> broken() {
    return List.of();
  }

  /** What loads more models; empty when all there are are loaded. */
  default Optional<ModelLoader> loader() {
    return Optional.empty();
  }

  /** Memory of the device that is free, in bytes; 0 when unknown. */
  long memoryFreeBytes();

  /** See {@link Engine#memoryUnusedBytes}. */
  default long memoryUnusedBytes() {
    return 0;
  }

  @Override
  void close();
}
