package dev.headrace.worker.engine;

/** A batch that was started. */
public interface PendingBatch {
  /**
   * Waits for its values; to be called once.
   *
   * @throws EngineException when the device failed
   */
  EncodedBatch await();

  /** Whether it is over, well or not, so that {@link #await} does not wait. */
  default boolean done() {
    return true;
  }
}
