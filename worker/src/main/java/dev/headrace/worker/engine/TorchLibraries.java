package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.CudaLibraryFiles;
import dev.headrace.worker.cuda.CudaRecorder;
import dev.headrace.worker.cuda.GpuLibraries;
import dev.headrace.worker.cuda.Nvml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the libtorch for GPUs and tells DJL of it, which cannot fetch one that never reached Maven
 * (djl#3784): a folder that PYTORCH_LIBRARY_PATH names, or the libraries that the profile gpu put
 * on the class path, unpacked once.
 */
final class TorchLibraries {
  private static final String PATH = "PYTORCH_LIBRARY_PATH";
  private static final String VERSION = "PYTORCH_VERSION";
  private static final String FLAVOR = "PYTORCH_FLAVOR";
  private static final String CUDA_FLAVOR = "cu128";
  private static final String TORCH_VERSION = "2.7.1";

  private TorchLibraries() {}

  /**
   * Where libtorch comes from.
   *
   * @param cuda whether it runs on GPUs
   * @param where said in words
   */
  record Found(boolean cuda, String where) {
    @Override
    public String toString() {
      return "libtorch " + TORCH_VERSION + (cuda ? " for CUDA 12 " : " for the CPU ") + where;
    }
  }

  /** Looks, without unpacking or loading. */
  static Found find() {
    String folder = setting(PATH);
    if (folder != null) {
      return new Found(Files.exists(Path.of(folder, "libtorch_cuda.so")), "in " + folder);
    }
    return CudaLibraryFiles.onClassPath() && anyGpu()
        ? new Found(true, "from the class path")
        : new Found(false, "from the class path");
  }

  /** Why libtorch's work cannot be recorded; empty when it can. Libtorch is loaded already. */
  static Optional<String> recordingProblem() {
    return CudaRecorder.problem(setting(PATH));
  }

  private static boolean anyGpu() {
    return GpuLibraries.nvmlProblem().isEmpty() && !Nvml.gpus().isEmpty();
  }

  /** Unpacks and loads what GPUs need, if it is there, and sets what DJL reads. */
  static Found prepare() {
    Found found = find();
    if (!found.cuda()) {
      return found;
    }
    Optional<Path> unpacked = Optional.empty();
    if (setting(PATH) == null) {
      unpacked = Optional.of(CudaLibraryFiles.unpack());
      System.setProperty(PATH, unpacked.get().toString());
    }
    setIfAbsent(VERSION, TORCH_VERSION);
    setIfAbsent(FLAVOR, CUDA_FLAVOR);
    return unpacked.isPresent() ? new Found(true, "in " + unpacked.get()) : found;
  }

  /** As DJL reads it: the environment first. */
  private static @Nullable String setting(String name) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? System.getProperty(name) : value;
  }

  private static void setIfAbsent(String name, String value) {
    if (setting(name) == null) {
      System.setProperty(name, value);
    }
  }
}
