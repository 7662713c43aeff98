package dev.headrace.worker.device;

import dev.headrace.protocol.FailureException;
import java.util.List;

/**
 * Loads and unloads the models of an engine while the engine runs others. {@link #load} and {@link
 * #unload} are called by the loader's thread alone, which therefore makes and frees what belongs to
 * a model; the engine's thread only runs it.
 */
public interface ModelLoader {
  /** All models, loaded or not; does not change. */
  List<ModelOffer> offers();

  /** Memory for models, in bytes; {@link Long#MAX_VALUE} when only the device limits it. */
  long budgetBytes();

  /**
   * Memory that a further model may take now, by the device's own numbers; {@link Long#MAX_VALUE}
   * when it cannot be asked. The loop calls it while a model waits for room.
   */
  default long roomBytes() {
    return Long.MAX_VALUE;
  }

  /**
   * Loads a model; may take minutes.
   *
   * @throws FailureException MODEL_NOT_LOADED and the reason
   */
  ServedModel load(String name) throws FailureException;

  /** Frees a model; waits for a run that is under way. One that is not loaded is read over. */
  void unload(String name);
}
