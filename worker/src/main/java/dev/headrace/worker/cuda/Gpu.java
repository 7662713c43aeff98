package dev.headrace.worker.cuda;

import java.util.List;

/**
 * A GPU, or a MIG slice of one, as NVML describes it.
 *
 * @param index its number in NVML; a slice has that of its GPU
 * @param name as its maker calls it: {@code NVIDIA H200}, {@code NVIDIA A100-SXM4-80GB}
 * @param uuid {@code GPU-...} or {@code MIG-...}; CUDA_VISIBLE_DEVICES takes it
 * @param pciBusId as {@code 0000:65:00.0}
 * @param migProfile of a slice, as {@code 3g.40gb}; empty for a whole GPU
 * @param memoryBytes all of its memory
 * @param multiprocessors 0 when unknown
 * @param capabilityMajor of the compute capability: 9 for Hopper
 * @param capabilityMinor of the compute capability
 * @param nvLinks what each active link leads to
 */
public record Gpu(
    int index,
    String name,
    String uuid,
    String pciBusId,
    String migProfile,
    long memoryBytes,
    int multiprocessors,
    int capabilityMajor,
    int capabilityMinor,
    List<String> nvLinks) {
  public Gpu {
    nvLinks = List.copyOf(nvLinks);
  }

  /**
   * Name of the device type that it is: {@code nvidia-h200}, {@code nvidia-a100-sxm4-80gb}, {@code
   * nvidia-h100-80gb-hbm3-mig-3g.40gb}.
   */
  public String typeName() {
    String base = DeviceTypeNames.of(name);
    return migProfile.isEmpty() ? base : base + "-mig-" + migProfile;
  }
}
