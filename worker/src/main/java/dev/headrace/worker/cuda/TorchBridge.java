package dev.headrace.worker.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * The presets' native part of libtorch, which reaches the streams and memory pools of the very
 * libtorch that DJL runs. Only this library is loaded, not what the presets would load for its sake
 * (their own OpenBLAS, cuDNN and more): its classes are initialised while the presets' loading is
 * switched off.
 */
final class TorchBridge {
  private static final String LOADING = "org.bytedeco.javacpp.loadlibraries";

  private static final List<Class<?>> CLASSES =
      List.of(
          torch_cuda.class,
          CUDAStream.class,
          CUDAAllocator.class,
          StreamFilter.class,
          DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair.class);

  private static boolean tried;
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
      initialise();
      return null;
    } catch (ClassNotFoundException | LinkageError | CudaException e) {
      return e.toString();
    }
  }

  private static void initialise() throws ClassNotFoundException {
    String before = System.getProperty(LOADING);
    System.setProperty(LOADING, "false");
    try {
      for (Class<?> type : CLASSES) {
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
