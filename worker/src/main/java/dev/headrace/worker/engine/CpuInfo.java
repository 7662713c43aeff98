package dev.headrace.worker.engine;

import dev.headrace.worker.engine.ComputeDevice.Kind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** The CPU as Linux describes it; elsewhere what the JVM knows. */
record CpuInfo(String name, SortedSet<String> features) {
  /** What decides the speed of matrix kernels; x86 names as in /proc/cpuinfo, then Arm's. */
  private static final Set<String> RELEVANT =
      Set.of(
          "avx2",
          "avx512f",
          "avx512_vnni",
          "avx_vnni",
          "avx512_bf16",
          "avx512_fp16",
          "amx_tile",
          "amx_int8",
          "amx_bf16",
          "asimddp",
          "i8mm",
          "bf16",
          "sve");

  static CpuInfo read() {
    try {
      return parse(Files.readAllLines(Path.of("/proc/cpuinfo")));
    } catch (IOException e) {
      return parse(List.of());
    }
  }

  static CpuInfo parse(List<String> lines) {
    String name = System.getProperty("os.arch", "cpu");
    SortedSet<String> features = new TreeSet<>();
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        continue;
      }
      String key = line.substring(0, colon).strip();
      String value = line.substring(colon + 1).strip();
      if (key.equals("model name")) {
        name = value;
      } else if (key.equals("flags") || key.equals("Features")) {
        features.addAll(List.of(value.split(" ")));
      }
    }
    features.retainAll(RELEVANT);
    return new CpuInfo(name, Collections.unmodifiableSortedSet(features));
  }

  ComputeDevice device() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new ComputeDevice(Kind.CPU, 0, name, cores, memory(), features);
  }

  /** The JDK's bean honours the container's limit. */
  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 0;
  }
}
