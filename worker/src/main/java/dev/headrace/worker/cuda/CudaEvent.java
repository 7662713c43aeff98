package dev.headrace.worker.cuda;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;

/**
 * A mark in the work of the device that was the thread's when it was made. The thread that waits
 * spins, as libtorch's own copies do: waking up would cost a short batch more than it takes.
 */
public final class CudaEvent implements AutoCloseable {
  private final CUevent_st event = new CUevent_st();
  private boolean open = true;

  public CudaEvent() {
    Cuda.check(
        "cudaEventCreate", cudart.cudaEventCreateWithFlags(event, cudart.cudaEventDisableTiming));
  }

  /** Sets the mark behind all that the device's usual stream was given so far. */
  public void record() {
    Cuda.check("cudaEventRecord", cudart.cudaEventRecord(event));
  }

  /** Whether the device has passed the mark, or failed: {@link #await} does not wait then. */
  public boolean passed() {
    if (cudart.cudaEventQuery(event) != cudart.cudaErrorNotReady) {
      return true;
    }
    cudart.cudaGetLastError(); // else libtorch takes "not ready" for the error of its next kernel
    return false;
  }

  /** Waits until the device has passed the mark. */
  public void await() {
    Cuda.check("cudaEventSynchronize", cudart.cudaEventSynchronize(event));
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Cuda.check("cudaEventDestroy", cudart.cudaEventDestroy(event));
    }
  }
}
