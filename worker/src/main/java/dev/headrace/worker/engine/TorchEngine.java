package dev.headrace.worker.engine;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.CudaException;
import dev.headrace.worker.cuda.CudaRecorder;
import dev.headrace.worker.cuda.DeviceGate;
import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.engine.Generated.Source;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.archive.Archives;
import dev.headrace.worker.model.decoder.DecoderEmitter;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.PackedDecoderEmitter;
import dev.headrace.worker.model.encoder.EncoderEmitter;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads models onto one device. The thread that opens it is the only one that may use it. */
public final class TorchEngine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);

  private static final String[] NO_FILES = {};

  /** System property; {@code false} switches CUDA graphs off. */
  private static final String GRAPHS = "headrace.cuda-graphs";

  /** Recording costs some runs: what came so often comes again (chosen). */
  private static final int RECORD_AFTER = 2;

  /** Measured on an EPYC 9005: one row of 64 tokens runs as fast per token as 32 of them. */
  private static final Grouping SMALL_GROUPS = new Grouping(8, 1024, 1);

  private static final Grouping SMALL_GROUPS_OF_EIGHT = new Grouping(8, 1024, 8);

  /** Chosen: a batch runs whole unless its rows differ very much. */
  private static final Grouping LARGE_GROUPS = new Grouping(4096, 1 << 17, 1);

  /**
   * Where padding is not computed, it only takes memory for embeddings and results, so a batch
   * hardly ever runs in parts: 2^18 cells of BERT-base take 0.4 GB (chosen).
   */
  private static final Grouping WHOLE = new Grouping(1 << 16, 1 << 18, 1);

  /** Memory that a model's first batches take; measured on an H100: 450 MB for 256 rows of 128. */
  private static final long WORKSPACE_BYTES = 512L << 20;

  private final ComputeDevice device;
  private final Thread owner;
  private final PtNDManager manager;
  private final CpuThreads threads;
  private final Generated generated;
  private final @Nullable Recorder recorder;

  private TorchEngine(
      ComputeDevice device,
      PtNDManager manager,
      CpuThreads threads,
      Generated generated,
      @Nullable Recorder recorder) {
    this.generated = generated;
    this.recorder = recorder;
    this.device = device;
    this.manager = manager;
    this.threads = threads;
    this.owner = Thread.currentThread();
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
      return new TorchEngine(device, manager, own, generated, recorder);
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
    return recorder != null;
  }

  public ComputeDevice device() {
    return device;
  }

  /**
   * Memory of a GPU that is free, as its driver says; 0 for a CPU. Any thread may call this; the
   * GPU becomes its device.
   *
   * @throws EngineException FATAL when the GPU is lost, for all calls of its driver fail then
   */
  public long memoryFreeBytes() {
    return device.kind() == ComputeDevice.Kind.CPU ? 0 : driverFreeBytes();
  }

  private long driverFreeBytes() {
    try {
      Cuda.select(device.index());
      return Cuda.memory().freeBytes();
    } catch (CudaException e) {
      throw TorchErrors.translate("asking " + device.name() + " for its memory", e);
    }
  }

  /**
   * Memory that a further model may take, by the driver's numbers: what is free, less what the
   * first batches take. No limit on a CPU, whose system nobody can ask so. Any thread may call
   * this; the GPU becomes its device.
   *
   * @throws EngineException FATAL when the GPU is lost
   */
  public long roomBytes() {
    return device.kind() == ComputeDevice.Kind.CPU
        ? Long.MAX_VALUE
        : driverFreeBytes() - WORKSPACE_BYTES;
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
    if (Thread.currentThread() == owner || device.kind() == ComputeDevice.Kind.CPU) {
      return loaded(model, precision);
    }
    DeviceGate gate = DeviceGate.of(device.index());
    gate.enter();
    try {
      return loaded(model, precision);
    } finally {
      gate.leave();
    }
  }

  /**
   * Frees a session that no run uses, and what libtorch keeps of it: then the driver's numbers tell
   * what there is for the next. Any thread may call this.
   */
  public void unload(EncoderSession session) {
    if (device.kind() == ComputeDevice.Kind.CPU) {
      session.close();
      return;
    }
    DeviceGate gate = DeviceGate.of(device.index());
    gate.enter();
    try {
      session.close();
      JniUtils.emptyCudaCache();
    } finally {
      gate.leave();
    }
  }

  private EncoderSession loaded(ModelDescription model, Precision precision) throws IOException {
    if (Thread.currentThread() != owner) {
      CpuThreads.useOne();
    }
    Optional<ReadyScript> ready = model.files().readyScript();
    if (ready.isPresent()) {
      return ready(model, ready.get());
    }
    String shape = model.config() + " " + model.head();
    try {
      return generated.load(
          new Source("encoder", model.revision(), precision, shape),
          archive -> write(model, precision, archive),
          archive -> session(model, precision, archive));
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate("loading " + model.name() + " as " + precision.label(), e);
    }
  }

  private EncoderSession session(ModelDescription model, Precision precision, Path archive)
      throws IOException {
    admit(model.name(), Files.size(archive));
    PtSymbolBlock block = module(archive);
    if (device.kind() == ComputeDevice.Kind.CUDA) {
      return onGpu(model, block, precision);
    }
    TorchSession session =
        new TorchSession(
            model,
            List.of(block),
            () -> new GroupRunner(block, (PtNDManager) manager.newSubManager()),
            threads,
            owner,
            grouping(precision));
    session.warmUp();
    return session;
  }

  /**
   * Loads TorchScript as it is, whatever the precision of the others. Its first runs say whether it
   * takes and gives what it is said to.
   */
  private EncoderSession ready(ModelDescription model, ReadyScript script) throws IOException {
    PtNDManager own = (PtNDManager) manager.newSubManager();
    try {
      admit(model.name(), Files.size(script.file()));
      List<PtSymbolBlock> blocks = new ArrayList<>();
      blocks.add(JniUtils.loadModule(own, script.file(), true, NO_FILES, NO_FILES, false));
      Optional<ScriptObject> ending = ending(model.head(), script);
      if (ending.isPresent()) {
        blocks.add(loaded(own, ending.get()));
      }
      blocks.forEach(JniUtils::enableInferenceMode);
      PtSymbolBlock after = blocks.size() > 1 ? blocks.get(1) : null;
      TorchSession session =
          new TorchSession(
              model,
              blocks,
              () ->
                  new ReadyRunner(script, blocks.get(0), after, (PtNDManager) own.newSubManager()),
              threads,
              owner,
              grouping(script.precision()));
      session.warmUp();
      return session;
    } catch (RuntimeException | Error e) {
      own.close();
      throw TorchErrors.translate(
          "loading " + model.name() + ": " + script.file().getFileName(), e);
    }
  }

  private static Optional<ScriptObject> ending(Head head, ReadyScript script) {
    if (head instanceof Head.MaskedFill fill) {
      return Optional.of(EncoderEmitter.ending(fill));
    }
    if (!(head instanceof Head.Embedding embedding)) {
      return Optional.empty();
    }
    if (script.perToken()) {
      return Optional.of(EncoderEmitter.ending(embedding));
    }
    return embedding.normalise() ? Optional.of(EncoderEmitter.normalising()) : Optional.empty();
  }

  private static PtSymbolBlock loaded(PtNDManager manager, ScriptObject script) throws IOException {
    Path archive = Files.createTempFile("headrace-", ".pt");
    try {
      TorchScriptArchive.write(script, archive);
      return JniUtils.loadModule(manager, archive, true, NO_FILES, NO_FILES, false);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  /**
   * Refuses a model for which a GPU's memory does not suffice, before anything is loaded.
   *
   * @param weights bytes, as large as the archive
   */
  private void admit(String model, long weights) {
    if (device.kind() != ComputeDevice.Kind.CUDA) {
      return;
    }
    long free = Cuda.memory().freeBytes();
    if (weights + WORKSPACE_BYTES > free) {
      JniUtils.emptyCudaCache();
      free = Cuda.memory().freeBytes();
    }
    if (weights + WORKSPACE_BYTES > free) {
      throw new EngineException(
          EngineException.Kind.RESOURCE,
          "GPU memory for %s: %d bytes free (expected: >= %d of weights and %d to work in)"
              .formatted(model, free, weights, WORKSPACE_BYTES),
          null);
    }
  }

  /** Loads a script that is no model; for measuring a GPU. */
  ScriptRun script(ScriptObject script) {
    checkOwner(owner);
    try {
      return new ScriptRun(loaded(manager, script));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate("loading a script", e);
    }
  }

  private EncoderSession onGpu(ModelDescription model, PtSymbolBlock block, Precision precision)
      throws IOException {
    PtNDManager host = manager.newSubManager(Device.cpu());
    boolean packs = EncoderEmitter.packs(model.config(), target(precision));
    CudaSession session =
        new CudaSession(
            model, block, host, packs ? WHOLE : LARGE_GROUPS, packs, recorder, RECORD_AFTER);
    session.warmUp();
    session.handOver(owner);
    return session;
  }

  /**
   * Loads a decoder in a precision, with KV memory of its own.
   *
   * @throws IOException when the model's files cannot be read or are not what they should be
   * @throws EngineException when libtorch refuses the model, or memory runs out
   */
  public DecoderSession load(DecoderModel model, Precision precision, KvPlan plan)
      throws IOException {
    if (device.kind() == ComputeDevice.Kind.CUDA) {
      return loadRuns(model, precision, plan);
    }
    checkOwner(owner);
    PtNDManager inputs = (PtNDManager) manager.newSubManager();
    try {
      PtSymbolBlock block =
          decoder(
              "decoder",
              model,
              precision,
              weights -> DecoderEmitter.model(model.config(), weights, target(precision)),
              this::module);
      int multiple = target(precision).usesOneDnn() ? 8 : 1;
      TorchDecoder session =
          new TorchDecoder(model, block, inputs, owner, plan, cacheType(precision), multiple);
      session.warmUp();
      return session;
    } catch (RuntimeException | Error e) {
      inputs.close();
      throw TorchErrors.translate("loading " + model.name() + " as " + precision.label(), e);
    }
  }

  /** What an emitter makes of a model's weights. */
  private interface Emitted {
    ScriptObject of(WeightSource weights) throws IOException;
  }

  private PtSymbolBlock decoder(
      String kind,
      DecoderModel model,
      Precision precision,
      Emitted emitted,
      Generated.Loading<PtSymbolBlock> loading)
      throws IOException {
    return generated.load(
        new Source(kind, model.revision(), precision, model.config().toString()),
        archive -> {
          try (WeightSource weights = model.files().openWeights()) {
            TorchScriptArchive.write(emitted.of(weights), archive);
          }
        },
        loading);
  }

  /** Loads a decoder the way of a GPU; the CPU runs it too, for tests. */
  DecoderSession loadRuns(DecoderModel model, Precision precision, KvPlan plan) throws IOException {
    // In float32 the host reads lengths to loop over sequences: a recording would repeat the old.
    boolean repeats = target(precision).packs();
    return loadRuns(model, precision, plan, repeats ? recorder : null, RECORD_AFTER);
  }

  /** With a recorder of its own, which records after so many plain runs. */
  DecoderSession loadRuns(
      DecoderModel model,
      Precision precision,
      KvPlan plan,
      @Nullable Recorder recordsSteps,
      int recordAfter)
      throws IOException {
    checkOwner(owner);
    boolean gpu = device.kind() == ComputeDevice.Kind.CUDA;
    PtNDManager tensors = (PtNDManager) manager.newSubManager();
    PtNDManager host = manager.newSubManager(Device.cpu());
    try {
      Target target = new Target(precision, false, device.features());
      PtSymbolBlock block =
          decoder(
              "runs",
              model,
              precision,
              weights -> PackedDecoderEmitter.model(model.config(), weights, target),
              archive -> {
                admit(model.name(), Files.size(archive) + plan.leastBytes());
                return module(archive);
              });
      RunDecoder session =
          new RunDecoder(
              model,
              new RunDecoder.Parts(
                  block,
                  new KvMover(loaded(manager, KvMover.script())),
                  tensors,
                  host,
                  gpu ? StepMemory.pinned() : StepMemory.plain(),
                  recordsSteps),
              owner,
              gpu ? plan.fitted(memoryFreeBytes()) : plan,
              cacheType(precision),
              recordAfter);
      session.warmUp();
      return session;
    } catch (RuntimeException | Error e) {
      host.close();
      tensors.close();
      throw TorchErrors.translate("loading " + model.name() + " as " + precision.label(), e);
    }
  }

  private PtSymbolBlock module(Path archive) {
    PtSymbolBlock block = JniUtils.loadModule(manager, archive, true, NO_FILES, NO_FILES, false);
    JniUtils.enableInferenceMode(block);
    return block;
  }

  private static DataType cacheType(Precision precision) {
    return switch (precision) {
      case FLOAT32, INT8 -> DataType.FLOAT32;
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
    };
  }

  private void write(ModelDescription model, Precision precision, Path archive) throws IOException {
    try (WeightSource weights = model.files().openWeights()) {
      Target target = target(precision);
      ScriptObject script =
          device.kind() == ComputeDevice.Kind.CUDA
              ? EncoderEmitter.staged(model.config(), weights, target, model.head())
              : EncoderEmitter.model(model.config(), weights, target, model.head());
      TorchScriptArchive.write(script, archive);
    }
  }

  private Grouping grouping(Precision precision) {
    if (device.kind() == ComputeDevice.Kind.CUDA) {
      return LARGE_GROUPS;
    }
    return precision == Precision.INT8 ? SMALL_GROUPS : SMALL_GROUPS_OF_EIGHT;
  }

  private Target target(Precision precision) {
    return new Target(precision, device.kind() == ComputeDevice.Kind.CPU, device.features());
  }

  /** Frees the engine and the sessions still open. Closing again does nothing. */
  @Override
  public void close() {
    checkOwner(owner);
    threads.close();
    manager.close();
    if (recorder != null) {
      recorder.close();
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
