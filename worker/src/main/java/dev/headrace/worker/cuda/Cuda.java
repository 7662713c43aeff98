package dev.headrace.worker.cuda;

import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;

/** Calls of the CUDA runtime. {@link GpuLibraries#runtimeProblem} must be empty. */
public final class Cuda {
  /** {@code cudaErrorPeerAccessAlreadyEnabled}. */
  private static final int PEER_ENABLED = 704;

  private static final AtomicLong PINNED = new AtomicLong();

  private Cuda() {}

  /**
   * Memory of a device.
   *
   * @param freeBytes what any process may still take
   * @param totalBytes all of it
   */
  public record Memory(long freeBytes, long totalBytes) {}

  /** GPUs that this process may use (CUDA_VISIBLE_DEVICES hides some); 0 when there is none. */
  public static int deviceCount() {
    int[] count = new int[1];
    return cudart.cudaGetDeviceCount(count) == 0 ? count[0] : 0;
  }

  /** Makes a device the calling thread's. */
  public static void select(int device) {
    check("cudaSetDevice(" + device + ")", cudart.cudaSetDevice(device));
  }

  /** The memory of the calling thread's device, as the driver sees it. */
  public static Memory memory() {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      check("cudaMemGetInfo", cudart.cudaMemGetInfo(free, total));
      return new Memory(free.get(), total.get());
    }
  }

  /** Waits for all that the calling thread's device was given. */
  public static void synchronize() {
    check("cudaDeviceSynchronize", cudart.cudaDeviceSynchronize());
  }

  /** The newest CUDA that the driver knows, as 12060 for 12.6; 0 without a driver. */
  public static int driverVersion() {
    int[] version = new int[1];
    return cudart.cudaDriverGetVersion(version) == 0 ? version[0] : 0;
  }

  /** The CUDA of the runtime library. */
  public static int runtimeVersion() {
    int[] version = new int[1];
    check("cudaRuntimeGetVersion", cudart.cudaRuntimeGetVersion(version));
    return version[0];
  }

  /** The PCI address of a device, as {@code 0000:65:00.0}: NVML numbers devices otherwise. */
  public static String pciBusId(int device) {
    byte[] text = new byte[32];
    check("cudaDeviceGetPCIBusId", cudart.cudaDeviceGetPCIBusId(text, text.length, device));
    return Nvml.text(text);
  }

  /** Whether one device reads the other's memory without the host in between. */
  public static boolean canAccessPeer(int device, int peer) {
    int[] can = new int[1];
    return cudart.cudaDeviceCanAccessPeer(can, device, peer) == 0 && can[0] == 1;
  }

  /** Lets the calling thread's device read and write another's memory. */
  public static void enablePeer(int peer) {
    int code = cudart.cudaDeviceEnablePeerAccess(peer, 0);
    if (code != PEER_ENABLED) {
      check("cudaDeviceEnablePeerAccess(" + peer + ")", code);
    }
  }

  /** Bytes of the host that are pinned through this class. */
  public static long pinnedBytes() {
    return PINNED.get();
  }

  static void pinned(long bytes) {
    PINNED.addAndGet(bytes);
  }

  static void check(String call, int code) {
    if (code != 0) {
      throw new CudaException(
          "CUDA error: " + call + ": " + cudart.cudaGetErrorString(code).getString(), code);
    }
  }
}
