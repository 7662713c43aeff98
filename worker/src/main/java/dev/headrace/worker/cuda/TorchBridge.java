package dev.headrace.worker.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Stat;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.DeviceStats;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The presets' native part of libtorch, which reaches the streams and memory pools of the very
 * libtorch that DJL runs. Only this library is loaded, not what the presets would load for its sake
 * (their own OpenBLAS, cuDNN and more): its classes are initialised while the presets' loading is
 * switched off.
 */
final class TorchBridge {
  private static final Logger LOG = LoggerFactory.getLogger(TorchBridge.class);

  private static final String LOADING = "org.bytedeco.javacpp.loadlibraries";

  private static final List<Class<?>> CLASSES =
      List.of(
          torch_cuda.class,
          CUDAStream.class,
          CUDAAllocator.class,
          StreamFilter.class,
          DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair.class);

  /** For the allocator's statistics, which are of less use than the rest. */
  private static final List<Class<?>> STATISTICS = List.of(DeviceStats.class, Stat.class);

  private static boolean tried;
  private static @Nullable Boolean counts;
  private static @Nullable String problem;

  private TorchBridge() {}

  /**
   * Why it cannot be used; empty when it can. Loaded once a process.
   *
   * @param folder with libtorch, which is loaded already
   */
  static synchronized Optional<String> problem(@Nullable String folder) {
    if (!tried) {
      problem = load(folder);
      tried = true;
    }
    return Optional.ofNullable(problem);
  }

  private static @Nullable String load(@Nullable String folder) {
    try {
      Optional<Path> library = CudaLibraryFiles.torchBridge(folder);
      if (library.isEmpty()) {
        return "libjnitorch_cuda.so: not found (expected: beside libtorch)";
      }
      new LongPointer(1).close(); // loads what all presets share
      System.load(library.get().toString());
      initialise(CLASSES);
      return null;
    } catch (ClassNotFoundException | LinkageError | CudaException e) {
      return e.toString();
    }
  }

  /** Whether the allocator's statistics can be read, too; {@link #problem} must be empty. */
  static synchronized boolean counts() {
    if (counts == null) {
      try {
        initialise(STATISTICS);
        counts = true;
      } catch (ClassNotFoundException | LinkageError e) {
        LOG.info("libtorch's statistics cannot be read reason={}", e.toString());
        counts = false;
      }
    }
    return counts;
  }

  private static void initialise(List<Class<?>> classes) throws ClassNotFoundException {
    String before = System.getProperty(LOADING);
    System.setProperty(LOADING, "false");
    try {
      for (Class<?> type : classes) {
        Class.forName(type.getName(), true, type.getClassLoader());
      }
    } finally {
      if (before == null) {
        System.clearProperty(LOADING);
      } else {
        System.setProperty(LOADING, before);
      }
    }
  }
}
