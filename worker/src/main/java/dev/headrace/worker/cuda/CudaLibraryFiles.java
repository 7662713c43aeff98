package dev.headrace.worker.cuda;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * libtorch for GPUs and the CUDA libraries it needs, as JavaCPP's artifacts bring them on the class
 * path (profile gpu). They are unpacked once into JavaCPP's cache (a few GB, {@code
 * ~/.javacpp/cache} or {@code org.bytedeco.javacpp.cachedir}) and loaded in an order in which each
 * finds those it needs already there.
 */
public final class CudaLibraryFiles {
  private static final String TORCH = "/org/bytedeco/pytorch/linux-x86_64-gpu/";
  private static final String CUDA = "/org/bytedeco/cuda/linux-x86_64/";
  private static final String BRIDGE = "libjnitorch_cuda.so";
  private static final String OPENBLAS = "/org/bytedeco/openblas/linux-x86_64/";

  /** In the order of their needs; what the class path lacks is left to the system. */
  private static final List<String> CUDA_LIBRARIES =
      List.of(
          "libcudart.so.12",
          "libnvrtc-builtins.so.12.6",
          "libnvrtc.so.12",
          "libcublasLt.so.12",
          "libcublas.so.12",
          "libcupti.so.12",
          "libnvJitLink.so.12",
          "libcusparse.so.12",
          "libcusolver.so.11",
          "libcufft.so.11",
          "libcurand.so.10",
          "libcufile.so.0",
          "libcudnn_graph.so.9",
          "libcudnn_ops.so.9",
          "libcudnn_cnn.so.9",
          "libcudnn_adv.so.9",
          "libcudnn.so.9");

  private static final List<String> BLAS_LIBRARIES =
      List.of("libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

  private static final List<String> TORCH_LIBRARIES =
      List.of(
          "libgomp.so.1",
          "libc10.so",
          "libc10_cuda.so",
          "libtorch_cpu.so",
          "libtorch_cuda.so",
          "libtorch_cuda_linalg.so",
          "libtorch.so");

  private CudaLibraryFiles() {}

  /** Whether libtorch for GPUs is on the class path. */
  public static boolean onClassPath() {
    return find(TORCH + "libtorch_cuda.so") != null;
  }

  /**
   * Unpacks libtorch and loads the libraries that it needs.
   *
   * @return the folder with libtorch
   * @throws CudaException when a library cannot be unpacked or loaded; names it
   */
  public static Path unpack() {
    for (String library : CUDA_LIBRARIES) {
      Path file = cached(CUDA + library);
      if (file != null) {
        load(file);
      }
    }
    for (String library : BLAS_LIBRARIES) {
      Path file = cached(OPENBLAS + library);
      if (file != null) {
        load(file);
      }
    }
    for (String library : TORCH_LIBRARIES) {
      if (cached(TORCH + library) == null) {
        throw new CudaException(library + ": not on the class path (expected: with libtorch)", 0);
      }
    }
    return Objects.requireNonNull(cached(TORCH + "libtorch.so")).resolveSibling("");
  }

  /**
   * Where the presets' native part of libtorch is: beside the libtorch that DJL was told of, or on
   * the class path, unpacked.
   *
   * @param folder with libtorch
   */
  static Optional<Path> torchBridge(@Nullable String folder) {
    if (folder != null) {
      Path beside = Path.of(folder, BRIDGE);
      if (Files.exists(beside)) {
        return Optional.of(beside.toAbsolutePath());
      }
    }
    return Optional.ofNullable(cached(TORCH + BRIDGE));
  }

  private static @Nullable URL find(String resource) {
    return CudaLibraryFiles.class.getResource(resource);
  }

  private static @Nullable Path cached(String resource) {
    URL url = find(resource);
    if (url == null) {
      return null;
    }
    try {
      File file = Loader.cacheResource(url);
      if (file == null || !Files.exists(file.toPath())) {
        throw new CudaException(resource + ": could not be unpacked into JavaCPP's cache", 0);
      }
      return file.toPath().toAbsolutePath();
    } catch (IOException e) {
      throw new CudaException(resource + ": " + e.getMessage(), 0);
    }
  }

  private static void load(Path file) {
    try {
      System.load(file.toString());
    } catch (LinkageError e) {
      throw new CudaException(file + ": " + e.getMessage(), 0);
    }
  }
}
