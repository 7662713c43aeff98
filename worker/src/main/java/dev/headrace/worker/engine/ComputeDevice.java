package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.DeviceTypeNames;
import dev.headrace.worker.model.Precision;
import java.util.SortedSet;

/**
 * Something that computes.
 *
 * @param kind {@code cpu} or {@code cuda}
 * @param index which of its kind; 0 for the CPU
 * @param name as its maker calls it
 * @param cores processors this process may use; 0 for a GPU
 * @param memoryBytes memory of the device; of the container or machine for the CPU
 * @param features instruction sets that matter for speed, as {@code avx512_vnni}
 */
public record ComputeDevice(
    Kind kind, int index, String name, int cores, long memoryBytes, SortedSet<String> features) {
  /** The sort of device. */
  public enum Kind {
    CPU,
    CUDA
  }

  /**
   * The default name of the device type: {@code cpu-int8} for a CPU, whose precision decides its
   * speed most, {@code nvidia-h200} for a GPU.
   */
  public String typeName(Precision precision) {
    return kind == Kind.CPU ? "cpu-" + precision.label() : DeviceTypeNames.of(name);
  }
}
