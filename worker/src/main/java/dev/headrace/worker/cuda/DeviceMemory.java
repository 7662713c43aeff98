package dev.headrace.worker.cuda;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;

/** Memory of a GPU outside of libtorch, for measuring copies and for taking memory away. */
public final class DeviceMemory implements AutoCloseable {
  private final int device;
  private final long bytes;
  private final BytePointer pointer = new BytePointer();
  private boolean open = true;

  /** Takes memory of a device, which becomes the calling thread's. */
  public DeviceMemory(int device, long bytes) {
    this.device = device;
    this.bytes = bytes;
    Cuda.select(device);
    Cuda.check("cudaMalloc(" + bytes + ")", cudart.cudaMalloc(pointer, bytes));
  }

  /** Queues a copy from the host; the memory must not move or change before it is done. */
  public void copyFrom(PinnedMemory host, int length) {
    Cuda.check(
        "cudaMemcpyAsync",
        cudart.cudaMemcpyAsync(
            pointer, host.pointer(), length, cudart.cudaMemcpyHostToDevice, null));
  }

  /** Copies from memory of the host that may move; returns when the driver has taken it. */
  public void copyFrom(java.nio.ByteBuffer direct, int length) {
    Cuda.check(
        "cudaMemcpyAsync",
        cudart.cudaMemcpyAsync(
            pointer, new BytePointer(direct), length, cudart.cudaMemcpyHostToDevice, null));
  }

  /** Queues a copy from another device: direct where peers may, else through the host. */
  public void copyFrom(DeviceMemory other) {
    long length = Math.min(bytes, other.bytes);
    Cuda.check(
        "cudaMemcpyPeerAsync",
        cudart.cudaMemcpyPeerAsync(pointer, device, other.pointer, other.device, length, null));
  }

  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Cuda.check("cudaFree", cudart.cudaFree(pointer));
    }
  }
}
