package dev.headrace.worker.device;

/** Makes an engine with its models loaded; called by the thread that will own it. */
public interface EngineFactory {
  /**
   * Opens the engine; may take minutes.
   *
   * @throws Exception whatever went wrong; the worker stops with it
   */
  Engine open() throws Exception;
}
