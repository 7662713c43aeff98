package dev.headrace.worker.cuda;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Stat;
import org.bytedeco.pytorch.cuda.DeviceStats;
import org.bytedeco.pytorch.global.torch_cuda;

/** What libtorch's allocator keeps of a GPU, by its own numbers (CUDACachingAllocator.h). */
public final class TorchMemory {
  private TorchMemory() {}

  /**
   * What was taken from the driver and is not handed out; 0 where libtorch cannot be asked. {@link
   * CudaRecorder#problem} must be empty.
   */
  public static long unusedBytes(int device) {
    if (!TorchBridge.counts()) {
      return 0;
    }
    try (DeviceStats stats = torch_cuda.getAllocator().getDeviceStats((byte) device)) {
      return Math.max(0, current(stats.reserved_bytes()) - current(stats.allocated_bytes()));
    }
  }

  /**
   * A statistic begins with its current value; what the presets have to read it is in a library
   * that is not loaded.
   */
  private static long current(Stat stat) {
    return new LongPointer(stat).get(0);
  }
}
