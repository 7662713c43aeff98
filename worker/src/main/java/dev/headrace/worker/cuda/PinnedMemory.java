package dev.headrace.worker.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;

/**
 * Memory of the host that does not move, so that the GPU copies from and to it by itself while the
 * host goes on. Allocating costs some 100 µs and waits for the device: keep it.
 */
public final class PinnedMemory implements AutoCloseable {
  private final BytePointer pointer;
  private final int bytes;
  private boolean open = true;

  private PinnedMemory(BytePointer pointer, int bytes) {
    this.pointer = pointer;
    this.bytes = bytes;
  }

  /** Allocates memory that every device may use. */
  public static PinnedMemory allocate(int bytes) {
    BytePointer pointer = new BytePointer();
    Cuda.check(
        "cudaHostAlloc(" + bytes + ")",
        cudart.cudaHostAlloc(pointer, bytes, cudart.cudaHostAllocPortable));
    Cuda.pinned(bytes);
    return new PinnedMemory(pointer.capacity(bytes), bytes);
  }

  /** The memory, in the processor's byte order; not to be used after {@link #close}. */
  public ByteBuffer buffer() {
    return pointer.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  BytePointer pointer() {
    return pointer;
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Cuda.pinned(-bytes);
      Cuda.check("cudaFreeHost", cudart.cudaFreeHost(pointer));
    }
  }
}
