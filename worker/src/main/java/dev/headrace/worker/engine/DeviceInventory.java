package dev.headrace.worker.engine;

import ai.djl.engine.Engine;
import dev.headrace.worker.engine.ComputeDevice.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;

/** Finds the devices of this machine. */
public final class DeviceInventory {
  private DeviceInventory() {}

  /** The CPU first, then the GPUs that libtorch sees. */
  public static List<ComputeDevice> discover() {
    List<ComputeDevice> devices = new ArrayList<>();
    devices.add(cpu());
    try {
      Engine engine = TorchRuntime.start();
      for (int i = 0; i < engine.getGpuCount(); i++) {
        devices.add(
            new ComputeDevice(
                Kind.CUDA,
                i,
                "GPU " + i,
                0,
                0,
                Collections.unmodifiableSortedSet(new TreeSet<>())));
      }
    } catch (RuntimeException e) {
      throw TorchErrors.translate("looking for GPUs", e);
    }
    return List.copyOf(devices);
  }

  /** The processors this process may use, as one device. Does not start libtorch. */
  public static ComputeDevice cpu() {
    return CpuInfo.read().device();
  }
}
