package dev.headrace.worker.engine;

/** A batch that was started. */
public interface PendingBatch {
  /**
   * Waits for its values; to be called once.
   *
   * @throws EngineException when the device failed
   */
  EncodedBatch await();
}
