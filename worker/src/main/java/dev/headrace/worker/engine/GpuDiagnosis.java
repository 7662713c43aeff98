package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.Gpu;
import dev.headrace.worker.cuda.GpuLibraries;
import dev.headrace.worker.cuda.GpuState;
import dev.headrace.worker.cuda.Nvml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What {@code headrace doctor} finds out about GPUs, step by step, and how to mend it. */
public final class GpuDiagnosis {
  /** The CUDA that libtorch 2.7.1 for GPUs was built for, less what minor versions forgive. */
  private static final int LEAST_CUDA = 12_000;

  /** A device with more than this share of its memory taken by others is called busy; chosen. */
  private static final double BUSY_SHARE = 0.5;

  private GpuDiagnosis() {}

  /** How a check ended. */
  public enum Verdict {
    OK,
    WARNING,
    FAILED,
    /** Nothing to check, as on a machine without a GPU. */
    NONE
  }

  /**
   * One check.
   *
   * @param name of what was checked
   * @param finding what was seen
   * @param remedy what to do; empty when nothing
   */
  public record Check(String name, Verdict verdict, String finding, String remedy) {}

  /** All checks, in the order in which one needs the other. Starts no libtorch. */
  public static List<Check> run() {
    List<Check> checks = new ArrayList<>();
    boolean hardware = hardware(checks);
    if (driver(checks, hardware) && runtime(checks, hardware)) {
      libtorch(checks);
      devices(checks);
    }
    return checks;
  }

  private static boolean hardware(List<Check> checks) {
    boolean found = Files.exists(Path.of("/dev/nvidiactl")) || !pciDisplays().isEmpty();
    checks.add(
        found
            ? new Check("hardware", Verdict.OK, "an NVIDIA GPU is in this machine", "")
            : new Check(
                "hardware",
                Verdict.NONE,
                "no NVIDIA GPU is visible (no /dev/nvidiactl, none among the PCI devices)",
                "Models run on the CPU. In a container: start it with --gpus all."));
    return found;
  }

  /** PCI devices of NVIDIA (vendor 0x10de) that display or compute (class 0x03). */
  private static List<Path> pciDisplays() {
    Path all = Path.of("/sys/bus/pci/devices");
    try (Stream<Path> devices = Files.list(all)) {
      return devices
          .filter(d -> starts(d.resolve("vendor"), "0x10de"))
          .filter(d -> starts(d.resolve("class"), "0x03"))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static boolean starts(Path file, String prefix) {
    try {
      return Files.readString(file).startsWith(prefix);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean driver(List<Check> checks, boolean hardware) {
    Optional<String> problem = GpuLibraries.nvmlProblem();
    if (problem.isPresent()) {
      checks.add(
          new Check(
              "driver",
              hardware ? Verdict.FAILED : Verdict.NONE,
              problem.get(),
              missing(problem.get(), "libnvidia-ml.so.1", driverRemedy(hardware))));
      return false;
    }
    int cuda = Nvml.cudaVersion();
    String finding = "driver " + Nvml.driverVersion() + ", good for CUDA " + version(cuda);
    boolean enough = cuda >= LEAST_CUDA;
    checks.add(
        new Check(
            "driver",
            enough ? Verdict.OK : Verdict.FAILED,
            finding,
            enough ? "" : "Install a driver for CUDA 12 (525 or newer) on the host and restart."));
    return enough;
  }

  private static String driverRemedy(boolean hardware) {
    return hardware
        ? "Install NVIDIA's driver (525 or newer); in a container use the NVIDIA runtime"
            + " (--gpus all), which brings libnvidia-ml.so.1 and libcuda.so.1."
        : "";
  }

  /** The presets' own native part is missing in a build without the profile gpu. */
  static String missing(String problem, String library, String otherwise) {
    boolean found = problem.contains(library) || problem.contains("cannot open shared object");
    boolean presets = problem.contains("jni") && !found;
    return presets ? "This build has no GPU libraries: build with -Pgpu (docs/gpu.md)." : otherwise;
  }

  private static boolean runtime(List<Check> checks, boolean hardware) {
    Optional<String> problem = GpuLibraries.runtimeProblem();
    if (problem.isPresent()) {
      checks.add(
          new Check(
              "CUDA runtime",
              hardware ? Verdict.FAILED : Verdict.NONE,
              problem.get(),
              missing(
                  problem.get(),
                  "libcudart.so.12",
                  "Put CUDA 12's libraries on LD_LIBRARY_PATH, or build with -Pgpu,gpu-redist.")));
      return false;
    }
    int devices = Cuda.deviceCount();
    checks.add(
        new Check(
            "CUDA runtime",
            devices > 0 ? Verdict.OK : Verdict.FAILED,
            "CUDA " + version(Cuda.runtimeVersion()) + ", " + devices + " devices for this process",
            devices > 0 ? "" : "See CUDA_VISIBLE_DEVICES and the rights on /dev/nvidia*."));
    return devices > 0;
  }

  private static void libtorch(List<Check> checks) {
    TorchLibraries.Found found = TorchLibraries.find();
    checks.add(
        new Check(
            "libtorch",
            found.cuda() ? Verdict.OK : Verdict.FAILED,
            found.toString(),
            found.cuda()
                ? ""
                : "Build with -Pgpu, or set PYTORCH_LIBRARY_PATH to a folder with libtorch 2.7.1"
                    + " for CUDA 12, PYTORCH_VERSION=2.7.1 and PYTORCH_FLAVOR=cu128."));
  }

  private static void devices(List<Check> checks) {
    for (int i = 0; i < Cuda.deviceCount(); i++) {
      Optional<Gpu> gpu = DeviceInventory.describe(i);
      Optional<GpuState> state = gpu.flatMap(g -> Nvml.state(g.uuid()));
      checks.add(device("cuda:" + i, gpu, state));
    }
  }

  private static Check device(String name, Optional<Gpu> gpu, Optional<GpuState> state) {
    if (gpu.isEmpty() || state.isEmpty()) {
      return new Check(name, Verdict.WARNING, "NVML does not describe it", "");
    }
    GpuState now = state.get();
    String finding =
        String.format(
            Locale.ROOT,
            "%s as %s, %.1f of %.1f GiB free, %d processes",
            gpu.get().name(),
            gpu.get().typeName(),
            now.memoryFreeBytes() / (double) (1L << 30),
            gpu.get().memoryBytes() / (double) (1L << 30),
            now.processes().size());
    boolean busy = now.memoryUsedBytes() > BUSY_SHARE * gpu.get().memoryBytes();
    return new Check(
        name,
        busy ? Verdict.WARNING : Verdict.OK,
        finding,
        busy ? "Others use it: end them, or choose another device with worker.device." : "");
  }

  private static String version(int cuda) {
    return cuda / 1000 + "." + cuda % 1000 / 10;
  }
}
