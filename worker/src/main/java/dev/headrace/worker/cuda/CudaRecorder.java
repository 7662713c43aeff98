package dev.headrace.worker.cuda;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * Records what libtorch does into CUDA graphs, the way of PyTorch's {@code CUDAGraph}: on a stream
 * of its own, for the usual one cannot be captured, with a memory pool of its own, so that nobody
 * else is given what the graph writes to. All graphs of a recorder share the pool: they run one
 * after the other, on the usual stream. One thread makes, uses and closes it.
 */
public final class CudaRecorder implements Recorder {
  /**
   * So often work runs before it is recorded: libtorch compiles and allocates in the first runs.
   */
  private static final int WARM_UP_RUNS = 2;

  /** Pools of libtorch's own begin at 1. */
  private static final AtomicLong NEXT_POOL = new AtomicLong(1L << 40);

  private final byte device;
  private final DeviceGate gate;
  private final CUDAStream usual;
  private final CUDAStream own;
  private final LongPointer poolId;

  /** The presets' name for any pair: what it points to are two numbers, and never freed by it. */
  private final DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool;

  private final StreamFilter filter;
  private boolean held;

  private CudaRecorder(int device) {
    this.device = (byte) device;
    this.gate = DeviceGate.of(device);
    this.usual = torch_cuda.getDefaultCUDAStream(this.device);
    this.own = torch_cuda.getStreamFromPool(false, this.device);
    this.poolId = new LongPointer(NEXT_POOL.getAndIncrement(), 0);
    this.pool = new DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair(poolId);
    this.filter = new OwnStream(own.stream().address());
  }

  /**
   * Why nothing can be recorded; empty when it can.
   *
   * @param folder with libtorch, which must be loaded already; null for the class path's
   */
  public static Optional<String> problem(@Nullable String folder) {
    return TorchBridge.problem(folder);
  }

  /** A recorder for the calling thread's device; {@link #problem} must be empty. */
  public static CudaRecorder open(int device) {
    return new CudaRecorder(device);
  }

  /** Which allocations are the pool's; libtorch calls it while something is recorded. */
  private static final class OwnStream extends StreamFilter {
    private final long own;

    OwnStream(long own) {
      this.own = own;
    }

    @Override
    public boolean call(@Nullable Pointer stream) {
      return stream != null && stream.address() == own;
    }
  }

  @Override
  public <T> Optional<Recording<T>> record(Supplier<T> work, Consumer<T> discard) {
    if (!gate.tryEnter()) {
      return Optional.empty(); // a model is being loaded, which may take long
    }
    try {
      return Optional.of(recorded(work, discard));
    } finally {
      gate.leave();
    }
  }

  private <T> Recording<T> recorded(Supplier<T> work, Consumer<T> discard) {
    Cuda.synchronize();
    torch_cuda.setCurrentCUDAStream(own);
    try {
      for (int i = 0; i < WARM_UP_RUNS; i++) {
        discard.accept(work.get());
      }
      Cuda.synchronize();
      return capture(work, discard);
    } finally {
      torch_cuda.setCurrentCUDAStream(usual);
    }
  }

  private <T> Recording<T> capture(Supplier<T> work, Consumer<T> discard) {
    hold();
    CUgraph_st graph = new CUgraph_st();
    torch_cuda.beginAllocateToPool(device, pool, filter);
    T made = null;
    try {
      Cuda.check(
          "cudaStreamBeginCapture",
          cudart.cudaStreamBeginCapture(own.stream(), cudart.cudaStreamCaptureModeThreadLocal));
      int code;
      try {
        made = work.get();
      } finally {
        code = cudart.cudaStreamEndCapture(own.stream(), graph);
      }
      Cuda.check("cudaStreamEndCapture", code);
      CUgraphExec_st executable = new CUgraphExec_st();
      Cuda.check(
          "cudaGraphInstantiate", cudart.cudaGraphInstantiateWithFlags(executable, graph, 0));
      torch_cuda.endAllocateToPool(device, pool);
      cudart.cudaGraphDestroy(graph);
      return new Graph<>(executable, made, discard);
    } catch (RuntimeException | Error e) {
      cudart.cudaGetLastError(); // a failed capture is told once, to whoever asks next
      torch_cuda.endAllocateToPool(device, pool);
      if (made != null) {
        discard.accept(made);
      }
      release();
      throw e;
    }
  }

  /** A pool that nothing uses ends, and its id cannot be used again. */
  private void hold() {
    if (!held) {
      torch_cuda.ensureExistsAndIncrefPool(device, pool);
      held = true;
    }
  }

  private void release() {
    torch_cuda.getAllocator().releasePool(device, pool);
  }

  @Override
  public void close() {
    if (held) {
      held = false;
      release();
    }
    own.close();
    usual.close();
    filter.close();
    poolId.close();
  }

  private final class Graph<T> implements Recording<T> {
    private final CUgraphExec_st executable;
    private final T made;
    private final Consumer<T> discard;
    private boolean open = true;

    Graph(CUgraphExec_st executable, T made, Consumer<T> discard) {
      this.executable = executable;
      this.made = made;
      this.discard = discard;
    }

    @Override
    public T replay() {
      Cuda.check("cudaGraphLaunch", cudart.cudaGraphLaunch(executable, null));
      return made;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        Cuda.synchronize();
        cudart.cudaGraphExecDestroy(executable);
        discard.accept(made);
        release();
      }
    }
  }
}
