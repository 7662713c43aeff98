package dev.headrace.worker.cuda;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.cuda.global.nvml;
import org.bytedeco.cuda.nvml.nvmlDeviceAttributes_t;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlMemory_t;
import org.bytedeco.cuda.nvml.nvmlPciInfo_t;
import org.bytedeco.cuda.nvml.nvmlProcessInfo_v1_t;
import org.bytedeco.cuda.nvml.nvmlUtilization_t;

/**
 * NVML: what GPUs there are and how they do. {@link GpuLibraries#nvmlProblem} must be empty. Only
 * functions that every driver since 450 has are called, for a missing one would end the process.
 */
public final class Nvml {
  /** {@code NVML_NVLINK_MAX_LINKS}. */
  private static final int MAX_LINKS = 18;

  private static final int MAX_PROCESSES = 256;

  /** {@code NVML_TEMPERATURE_GPU}. */
  private static final int GPU_SENSOR = 0;

  /** CUDA cores of a multiprocessor from compute capability 8.6 on and on 9.0; 64 before. */
  private static final int CORES = 128;

  private Nvml() {}

  /** The driver's version, as {@code 580.159.04}. */
  public static String driverVersion() {
    byte[] text = new byte[96];
    check("nvmlSystemGetDriverVersion", nvml.nvmlSystemGetDriverVersion(text, text.length));
    return text(text);
  }

  /** The newest CUDA that the driver knows, as 13000 for 13.0. */
  public static int cudaVersion() {
    return number(v -> nvml.nvmlSystemGetCudaDriverVersion(v)).orElse(0);
  }

  /** All GPUs; one in MIG mode is left out in favour of its slices. */
  public static List<Gpu> gpus() {
    int[] count = new int[1];
    check("nvmlDeviceGetCount", nvml.nvmlDeviceGetCount_v2(count));
    List<Gpu> gpus = new ArrayList<>();
    for (int i = 0; i < count[0]; i++) {
      nvmlDevice_st device = device(i);
      List<Gpu> slices = slices(i, device);
      gpus.addAll(slices.isEmpty() ? List.of(gpu(i, device, "")) : slices);
    }
    return gpus;
  }

  private static nvmlDevice_st device(int index) {
    nvmlDevice_st device = new nvmlDevice_st();
    check("nvmlDeviceGetHandleByIndex", nvml.nvmlDeviceGetHandleByIndex_v2(index, device));
    return device;
  }

  private static List<Gpu> slices(int index, nvmlDevice_st device) {
    int[] current = new int[1];
    int[] pending = new int[1];
    List<Gpu> slices = new ArrayList<>();
    if (nvml.nvmlDeviceGetMigMode(device, current, pending) != 0 || current[0] != 1) {
      return slices;
    }
    int most = number(v -> nvml.nvmlDeviceGetMaxMigDeviceCount(device, v)).orElse(0);
    for (int i = 0; i < most; i++) {
      nvmlDevice_st slice = new nvmlDevice_st();
      if (nvml.nvmlDeviceGetMigDeviceHandleByIndex(device, i, slice) == 0) {
        slices.add(slice(index, device, slice));
      }
    }
    return slices;
  }

  private static Gpu slice(int index, nvmlDevice_st whole, nvmlDevice_st slice) {
    Gpu parent = gpu(index, whole, "");
    try (nvmlDeviceAttributes_t attributes = new nvmlDeviceAttributes_t()) {
      boolean known = nvml.nvmlDeviceGetAttributes(slice, attributes) == 0;
      long bytes = memory(slice).map(Memory::total).orElse(0L);
      String profile =
          known
              ? attributes.gpuInstanceSliceCount() + "g." + Math.round(bytes / 1e9) + "gb"
              : "slice";
      return new Gpu(
          index,
          parent.name(),
          uuid(slice),
          parent.pciBusId(),
          profile,
          bytes,
          known ? attributes.multiprocessorCount() : 0,
          parent.capabilityMajor(),
          parent.capabilityMinor(),
          List.of());
    }
  }

  private static Gpu gpu(int index, nvmlDevice_st device, String profile) {
    int[] major = new int[1];
    int[] minor = new int[1];
    nvml.nvmlDeviceGetCudaComputeCapability(device, major, minor);
    int cores = number(v -> nvml.nvmlDeviceGetNumGpuCores(device, v)).orElse(0);
    boolean small = major[0] < 8 || (major[0] == 8 && minor[0] == 0);
    return new Gpu(
        index,
        name(device),
        uuid(device),
        pci(device),
        profile,
        memory(device).map(Memory::total).orElse(0L),
        cores / (small ? CORES / 2 : CORES),
        major[0],
        minor[0],
        links(device));
  }

  private static String name(nvmlDevice_st device) {
    byte[] text = new byte[96];
    check("nvmlDeviceGetName", nvml.nvmlDeviceGetName(device, text, text.length));
    return text(text);
  }

  private static String uuid(nvmlDevice_st device) {
    byte[] text = new byte[96];
    check("nvmlDeviceGetUUID", nvml.nvmlDeviceGetUUID(device, text, text.length));
    return text(text);
  }

  private static String pci(nvmlDevice_st device) {
    try (nvmlPciInfo_t info = new nvmlPciInfo_t()) {
      return nvml.nvmlDeviceGetPciInfo_v3(device, info) == 0 ? address(info) : "";
    }
  }

  /** As CUDA writes it: four digits of domain where NVML has eight. */
  private static String address(nvmlPciInfo_t info) {
    return String.format(Locale.ROOT, "%04x:%02x:%02x.0", info.domain(), info.bus(), info.device());
  }

  private static List<String> links(nvmlDevice_st device) {
    List<String> links = new ArrayList<>();
    for (int link = 0; link < MAX_LINKS; link++) {
      int at = link;
      boolean active = number(v -> nvml.nvmlDeviceGetNvLinkState(device, at, v)).orElse(0) == 1;
      if (!active) {
        continue;
      }
      try (nvmlPciInfo_t remote = new nvmlPciInfo_t()) {
        int code = nvml.nvmlDeviceGetNvLinkRemotePciInfo_v2(device, link, remote);
        links.add(code == 0 ? address(remote) : "unknown");
      }
    }
    return links;
  }

  /** How a GPU does; by the UUID, which a slice has too. */
  public static Optional<GpuState> state(String uuid) {
    int[] count = new int[1];
    check("nvmlDeviceGetCount", nvml.nvmlDeviceGetCount_v2(count));
    for (int i = 0; i < count[0]; i++) {
      nvmlDevice_st device = device(i);
      if (uuid(device).equals(uuid)) {
        return Optional.of(state(device));
      }
    }
    return Optional.empty();
  }

  private static GpuState state(nvmlDevice_st device) {
    Memory memory = memory(device).orElse(new Memory(-1, -1, -1));
    return new GpuState(
        memory.used(),
        memory.free(),
        utilisation(device),
        number(v -> nvml.nvmlDeviceGetTemperature(device, GPU_SENSOR, v)).orElse(-1),
        watts(number(v -> nvml.nvmlDeviceGetPowerUsage(device, v))),
        watts(number(v -> nvml.nvmlDeviceGetEnforcedPowerLimit(device, v))),
        processes(device));
  }

  private static double watts(Optional<Integer> milliwatts) {
    return milliwatts.map(m -> m / 1000.0).orElse(-1.0);
  }

  private static double utilisation(nvmlDevice_st device) {
    try (nvmlUtilization_t rates = new nvmlUtilization_t()) {
      return nvml.nvmlDeviceGetUtilizationRates(device, rates) == 0 ? rates.gpu() / 100.0 : -1;
    }
  }

  private record Memory(long total, long free, long used) {}

  private static Optional<Memory> memory(nvmlDevice_st device) {
    try (nvmlMemory_t memory = new nvmlMemory_t()) {
      return nvml.nvmlDeviceGetMemoryInfo(device, memory) == 0
          ? Optional.of(new Memory(memory.total(), memory._free(), memory.used()))
          : Optional.empty();
    }
  }

  private static List<GpuState.GpuProcess> processes(nvmlDevice_st device) {
    int[] count = {MAX_PROCESSES};
    List<GpuState.GpuProcess> processes = new ArrayList<>();
    try (nvmlProcessInfo_v1_t infos = new nvmlProcessInfo_v1_t(MAX_PROCESSES)) {
      if (nvml.nvmlDeviceGetComputeRunningProcesses(device, count, infos) == 0) {
        for (int i = 0; i < count[0]; i++) {
          nvmlProcessInfo_v1_t info = infos.getPointer(i);
          processes.add(
              new GpuState.GpuProcess(
                  Integer.toUnsignedLong(info.pid()), Math.max(-1, info.usedGpuMemory())));
        }
      }
    }
    return processes;
  }

  private interface Query {
    int ask(int[] value);
  }

  private static Optional<Integer> number(Query query) {
    int[] value = new int[1];
    return query.ask(value) == 0 ? Optional.of(value[0]) : Optional.empty();
  }

  static String text(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.US_ASCII);
  }

  private static void check(String call, int code) {
    if (code != 0) {
      throw new CudaException(
          "NVML: " + call + ": " + nvml.nvmlErrorString(code).getString(), code);
    }
  }
}
