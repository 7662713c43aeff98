package dev.headrace.worker.engine;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.CudaRecorder;
import dev.headrace.worker.cuda.DeviceGate;
import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.archive.Archives;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads models onto one device. The thread that opens it is the only one that may use it. */
public final class TorchEngine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);

  /** System property; {@code false} switches CUDA graphs off. */
  private static final String GRAPHS = "headrace.cuda-graphs";

  /** Recording costs some runs: what came so often comes again (chosen). */
  static final int RECORD_AFTER = 2;

  private final OpenDevice on;
  private final EncoderLoads encoders;
  private final DecoderLoads decoders;

  private TorchEngine(OpenDevice on) {
    this.on = on;
    this.encoders = new EncoderLoads(on);
    this.decoders = new DecoderLoads(on);
  }

  /**
   * Opens a device for the calling thread.
   *
   * @param threads that work on the CPU, the calling one among them; they share a batch, or an
   *     operation where a batch has but one part
   */
  public static TorchEngine open(ComputeDevice device, int threads) {
    return open(device, threads, Archives.temporary());
  }

  /**
   * The same with a place for what is generated.
   *
   * @param archives where that lies until it is loaded, or longer
   */
  public static TorchEngine open(ComputeDevice device, int threads, Archives archives) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads + " (expected: >= 1)");
    }
    try {
      Device djl =
          device.kind() == ComputeDevice.Kind.CPU ? Device.cpu() : Device.gpu(device.index());
      PtNDManager manager = (PtNDManager) TorchRuntime.start().newBaseManager(djl);
      boolean gpu = device.kind() == ComputeDevice.Kind.CUDA;
      if (gpu) {
        Cuda.select(device.index());
      }
      Generated generated = new Generated(archives, device);
      Recorder recorder = gpu ? recorder(device.index()) : null;
      CpuThreads own = new CpuThreads(gpu ? 1 : threads);
      return new TorchEngine(
          new OpenDevice(device, Thread.currentThread(), manager, own, generated, recorder));
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate("opening " + device.name(), e);
    }
  }

  /** Null where work is run plainly: switched off, or the native part is not there. */
  private static @Nullable Recorder recorder(int index) {
    if (!Boolean.parseBoolean(System.getProperty(GRAPHS, "true"))) {
      return null;
    }
    Optional<String> problem = TorchLibraries.recordingProblem();
    problem.ifPresent(p -> LOG.info("no CUDA graphs, which costs speed only reason={}", p));
    return problem.isPresent() ? null : CudaRecorder.open(index);
  }

  /** Whether work that comes again is recorded into CUDA graphs. */
  public boolean records() {
    return on.recorder() != null;
  }

  public ComputeDevice device() {
    return on.device();
  }

  /**
   * Memory of a GPU that is free, as its driver says; 0 for a CPU. Any thread may call this; the
   * GPU becomes its device.
   *
   * @throws EngineException FATAL when the GPU is lost, for all calls of its driver fail then
   */
  public long memoryFreeBytes() {
    return on.memoryFreeBytes();
  }

  /**
   * What libtorch keeps of a GPU's memory for later and nothing uses: blocks of the sizes that were
   * asked for before, whole or in pieces. 0 for a CPU, and where libtorch cannot be asked. Any
   * thread may call this.
   */
  public long memoryUnusedBytes() {
    return on.memoryUnusedBytes();
  }

  /**
   * Memory that a further model may take, by the driver's numbers: what is free, less what the
   * first batches take. No limit on a CPU, whose system nobody can ask so. Any thread may call
   * this; the GPU becomes its device.
   *
   * @throws EngineException FATAL when the GPU is lost
   */
  public long roomBytes() {
    return on.roomBytes();
  }

  /**
   * Loads a model in a precision. Takes seconds: the model is written as a TorchScript archive,
   * unless that was kept from another time, and loaded. Another thread than the owner may call this
   * while the owner runs other sessions; the session is the owner's to run either way.
   *
   * @throws IOException when the model's files cannot be read or are not what they should be
   * @throws EngineException when libtorch refuses the model, or memory runs out
   */
  public EncoderSession load(ModelDescription model, Precision precision) throws IOException {
    if (Thread.currentThread() == on.owner() || !on.onGpu()) {
      return encoders.load(model, precision);
    }
    DeviceGate gate = DeviceGate.of(on.device().index());
    gate.enter();
    try {
      return encoders.load(model, precision);
    } finally {
      gate.leave();
    }
  }

  /**
   * Frees a session that no run uses, and what libtorch keeps of it: then the driver's numbers tell
   * what there is for the next. Any thread may call this.
   */
  public void unload(EncoderSession session) {
    if (!on.onGpu()) {
      session.close();
      return;
    }
    DeviceGate gate = DeviceGate.of(on.device().index());
    gate.enter();
    try {
      session.close();
      JniUtils.emptyCudaCache();
    } finally {
      gate.leave();
    }
  }

  /** Loads a script that is no model; for measuring a GPU. */
  ScriptRun script(ScriptObject script) {
    checkOwner(on.owner());
    try {
      return new ScriptRun(OpenDevice.script(on.manager(), script));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate("loading a script", e);
    }
  }

  /**
   * Loads a decoder in a precision, with KV memory of its own.
   *
   * @throws IOException when the model's files cannot be read or are not what they should be
   * @throws EngineException when libtorch refuses the model, or memory runs out
   */
  public DecoderSession load(DecoderModel model, Precision precision, KvPlan plan)
      throws IOException {
    return decoders.load(model, precision, plan);
  }

  /** Loads a decoder the way of a GPU; the CPU runs it too, for tests. */
  DecoderSession loadRuns(DecoderModel model, Precision precision, KvPlan plan) throws IOException {
    return decoders.loadRuns(model, precision, plan);
  }

  /** With a recorder of its own, which records after so many plain runs. */
  DecoderSession loadRuns(
      DecoderModel model,
      Precision precision,
      KvPlan plan,
      @Nullable Recorder recordsSteps,
      int recordAfter)
      throws IOException {
    return decoders.loadRuns(model, precision, plan, recordsSteps, recordAfter);
  }

  /** Frees the engine and the sessions still open. Closing again does nothing. */
  @Override
  public void close() {
    checkOwner(on.owner());
    on.threads().close();
    on.manager().close();
    if (on.recorder() != null) {
      on.recorder().close();
    }
  }

  static void checkOwner(Thread owner) {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "thread: "
              + Thread.currentThread().getName()
              + " (expected: "
              + owner.getName()
              + ", which opened the engine)");
    }
  }
}
