package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;

/** What the loop hears from the loader's thread; called on the loop's thread. */
public interface LoadListener {
  /** The model can be run. */
  void loaded(ServedModel model, double seconds);

  /** The model cannot be loaded. */
  void notLoaded(String model, Failure failure);

  /** The model's memory is free. */
  void unloaded(String model);
}
