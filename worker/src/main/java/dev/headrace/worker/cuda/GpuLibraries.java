package dev.headrace.worker.cuda;

import java.util.Optional;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvml;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * Whether the native side of CUDA can be used. Loading is tried once a process; a library that is
 * missing is an answer, not an error.
 */
public final class GpuLibraries {
  private GpuLibraries() {}

  /** Why the CUDA runtime cannot be used; empty when it can. */
  public static Optional<String> runtimeProblem() {
    return Optional.ofNullable(CudaRuntime.PROBLEM);
  }

  /** Why NVML, which comes with the driver, cannot be used; empty when it can. */
  public static Optional<String> nvmlProblem() {
    return Optional.ofNullable(Management.PROBLEM);
  }

  private static final class CudaRuntime {
    static final @Nullable String PROBLEM = load(cudart.class);
  }

  private static final class Management {
    static final @Nullable String PROBLEM = start();

    private static @Nullable String start() {
      String problem = load(nvml.class);
      if (problem != null) {
        return problem;
      }
      int code = nvml.nvmlInit_v2();
      return code == 0 ? null : "NVML: " + nvml.nvmlErrorString(code).getString();
    }
  }

  private static @Nullable String load(Class<?> presets) {
    try {
      Loader.load(presets);
      return null;
    } catch (LinkageError e) {
      return presets.getSimpleName() + ": " + reason(e);
    }
  }

  /** JavaCPP says last where it did not find a library, and below that why one did not load. */
  static String reason(Throwable e) {
    Throwable cause = e.getCause();
    if (cause != null && String.valueOf(cause.getMessage()).contains("cannot open shared object")) {
      return String.valueOf(cause.getMessage());
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
