package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.Gpu;
import dev.headrace.worker.cuda.GpuLibraries;
import dev.headrace.worker.cuda.GpuState;
import dev.headrace.worker.cuda.Nvml;
import dev.headrace.worker.engine.ComputeDevice.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Finds the devices of this machine. */
public final class DeviceInventory {
  private DeviceInventory() {}

  /** The CPU first, then the GPUs that this process may use, in CUDA's order. */
  public static List<ComputeDevice> discover() {
    List<ComputeDevice> devices = new ArrayList<>();
    devices.add(cpu());
    for (int i = 0; i < gpuCount(); i++) {
      devices.add(gpu(i));
    }
    return List.copyOf(devices);
  }

  /** The GPUs that this process may use, as settings name them: {@code cuda:0}. */
  public static List<String> gpus() {
    return IntStream.range(0, gpuCount()).mapToObj(i -> "cuda:" + i).toList();
  }

  private static int gpuCount() {
    return GpuLibraries.runtimeProblem().isPresent() ? 0 : Cuda.deviceCount();
  }

  private static ComputeDevice gpu(int index) {
    Optional<Gpu> known = describe(index);
    return new ComputeDevice(
        Kind.CUDA,
        index,
        known.map(Gpu::name).orElse("GPU " + index),
        0,
        known.map(Gpu::memoryBytes).orElse(0L),
        Collections.unmodifiableSortedSet(new TreeSet<>()));
  }

  /** What NVML says of a GPU in CUDA's numbering; empty when it cannot be asked. */
  public static Optional<Gpu> describe(int index) {
    if (index >= gpuCount() || GpuLibraries.nvmlProblem().isPresent()) {
      return Optional.empty();
    }
    String address = Cuda.pciBusId(index).toLowerCase(Locale.ROOT);
    return Nvml.gpus().stream().filter(g -> g.pciBusId().equals(address)).findFirst();
  }

  /** How a GPU does at the moment; empty when NVML cannot be asked. */
  public static Optional<GpuState> state(Gpu gpu) {
    return GpuLibraries.nvmlProblem().isPresent() ? Optional.empty() : Nvml.state(gpu.uuid());
  }

  /** The processors this process may use, as one device. Does not start libtorch. */
  public static ComputeDevice cpu() {
    return CpuInfo.read().device();
  }
}
