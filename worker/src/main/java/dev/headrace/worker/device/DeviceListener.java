package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;
import java.util.List;

/** What the loop hears from the device's thread; called on the loop's thread. */
public interface DeviceListener {
  /** The models are loaded. */
  void opened(List<ServedModel> models);

  /** These rows of a batch are finished. */
  void finished(long batch, List<FinishedRow> rows);

  /** The unfinished rows of a batch will not be finished. */
  void failed(long batch, Failure failure);

  /** The device worked. */
  void measured(ServiceSample sample, long memoryFreeBytes);

  /** The engine cannot be used: not opened, or broken. */
  void lost(Failure failure);
}
