package dev.headrace.worker.cuda;

/** A call of the CUDA runtime or of NVML failed. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  CudaException(String message, int code) {
    super(message);
    this.code = code;
  }

  /** The error's number, as in {@code cudaError_t} or {@code nvmlReturn_t}. */
  public int code() {
    return code;
  }
}
