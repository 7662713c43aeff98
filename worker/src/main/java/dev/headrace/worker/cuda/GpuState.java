package dev.headrace.worker.cuda;

import java.util.List;

/**
 * How a GPU does at the moment. What a driver does not tell is -1.
 *
 * @param memoryUsedBytes by all processes
 * @param memoryFreeBytes for all processes
 * @param utilisation share of the last second or so in which a kernel ran, 0 to 1
 * @param celsius temperature
 * @param watts power drawn
 * @param wattsLimit power it may draw
 * @param processes that compute on it
 */
public record GpuState(
    long memoryUsedBytes,
    long memoryFreeBytes,
    double utilisation,
    int celsius,
    double watts,
    double wattsLimit,
    List<GpuProcess> processes) {
  public GpuState {
    processes = List.copyOf(processes);
  }

  /**
   * A process on a GPU.
   *
   * @param pid in the host's numbers; containers may see others
   * @param memoryBytes of the device; -1 when unknown
   */
  public record GpuProcess(long pid, long memoryBytes) {}
}
