package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;
import java.util.List;

/** What the loop hears from the device's thread; called on the loop's thread. */
public interface DeviceListener {
  /** More models can be loaded; called before {@link #opened}, if at all. */
  default void offers(ModelLoader loader) {}

  /** These models cannot be served; called before {@link #opened}, if at all. */
  default void broken(List<BrokenModel> models) {}

  /** These models are loaded. */
  void opened(List<ServedModel> models);

  /** The device is there, or is not for the time being. */
  void available(boolean there);

  /** These rows of a batch are finished. */
  void finished(long batch, List<FinishedRow> rows);

  /** These rows of a batch are further, and not finished. */
  void progressed(long batch, List<RowProgress> rows);

  /** The unfinished rows of a batch will not be finished. */
  void failed(long batch, Failure failure);

  /** The device ran something, for the service curve. */
  void measured(ServiceSample sample, long memoryFreeBytes);

  /** What is kept of the device's memory and not used; told before {@link #measured}. */
  default void unusedMemory(long bytes) {}

  /** The device ran these steps of generation, for its curve. */
  default void stepped(List<StepSample> steps) {}

  /** The device worked for so long since the last call. */
  void worked(double seconds);

  /** The engine cannot be used: not opened, or broken. */
  void lost(Failure failure);
}
