package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.generate.session.Candidates;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A decoder on a GPU: each sequence's keys and values are one run of the cache, a step is one copy
 * to the device, kernels, and one small copy back. What it hands to libtorch is described at {@code
 * PackedDecoderEmitter}.
 */
final class RunDecoder extends OwnedDecoder<RunSequence> {
  /** Some megabytes of the device each, and their logits (chosen). */
  private static final int MOST_RECORDED = 48;

  private final PtSymbolBlock block;
  private final KvMover mover;
  private final PtNDManager manager;
  private final PtNDManager host;
  private final KvRuns runs;
  private final IValue cache;
  private final StepMemory memory;
  private final int spare;
  private final @Nullable Recordings<Decoding, IValue> recordings;

  /**
   * What makes one decoding step differ from another, its data aside.
   *
   * @param memory the generation of the host's memory
   */
  private record Decoding(int segments, int reach, int memory) {}

  /**
   * What a session takes over and closes.
   *
   * @param block the loaded module
   * @param device for tensors on the device
   * @param host for tensors over the host's memory
   * @param recorder of decoding steps that come again; null for none
   */
  record Parts(
      PtSymbolBlock block,
      KvMover mover,
      PtNDManager device,
      PtNDManager host,
      StepMemory memory,
      @Nullable Recorder recorder) {}

  /**
   * A session over a loaded module.
   *
   * @param type of the KV cache
   * @param after so many plain runs a step is recorded
   */
  RunDecoder(DecoderModel model, Parts parts, Thread owner, KvPlan plan, DataType type, int after) {
    super(model, RunSequence.class, owner, model.config().kvElements() * type.getNumOfBytes());
    this.block = parts.block();
    this.mover = parts.mover();
    this.manager = parts.device();
    this.host = parts.host();
    this.memory = parts.memory();
    this.runs = new KvRuns(KvPlan.BLOCK_TOKENS, plan.blocks(shape.kvBytesPerToken()));
    Recorder recorder = parts.recorder();
    this.recordings =
        recorder == null ? null : new Recordings<>(recorder, IValue::close, after, MOST_RECORDED);
    this.spare = runs.memory().totalBlocks() * KvPlan.BLOCK_TOKENS;
    try (IValue count = IValue.from(spare + 1L)) {
      this.cache = IValueUtils.runMethod(block, "cache", count);
    }
  }

  @Override
  public KvMemory memory() {
    return runs.memory();
  }

  @Override
  public Sequence open() {
    checkOpen();
    return new RunSequence(this);
  }

  @Override
  public Sequence fork(Sequence of, int tokens) {
    RunSequence source = own(of, tokens);
    RunSequence copy = new RunSequence(this);
    int blocks = runs.memory().blocks(tokens);
    StepCheck.room(blocks, runs.memory(), model.name());
    try {
      growRuns(Map.of(copy.run, blocks));
      if (tokens > 0) {
        long size = KvPlan.BLOCK_TOKENS;
        mover.copy(cache, source.run.start() * size, copy.run.start() * size, tokens);
      }
    } catch (RuntimeException | Error e) {
      shrink(copy, 0);
      throw TorchErrors.translate("forking a sequence of " + model.name(), e);
    }
    copy.tokens = tokens;
    return copy;
  }

  private void growRuns(Map<KvRuns.Run, Integer> wanted) {
    for (KvRuns.Move move : runs.grow(wanted)) {
      mover.move(cache, move, KvPlan.BLOCK_TOKENS);
    }
  }

  @Override
  void shrink(RunSequence sequence, int blocks) {
    runs.shrink(sequence.run, blocks);
  }

  @Override
  void grow(List<Segment> segments) {
    Map<KvRuns.Run, Integer> wanted = new LinkedHashMap<>();
    for (Segment segment : segments) {
      RunSequence sequence = (RunSequence) segment.sequence();
      int blocks = runs.memory().blocks(sequence.tokens + segment.tokens().length);
      if (blocks > sequence.run.count()) {
        wanted.put(sequence.run, blocks);
      }
    }
    growRuns(wanted);
  }

  @Override
  HeldLogits run(List<Segment> segments) {
    StepData step = StepData.of(segments);
    if (recordings != null && step.decodes()) {
      StepData padded = step.padded();
      fill(padded, segments);
      Decoding key = new Decoding(padded.segments(), padded.reach(), memory.generation());
      Optional<IValue> logits = recordings.replay(key, () -> forward(padded));
      if (logits.isPresent()) {
        return results(logits.get(), false, padded, segments.size());
      }
    }
    fill(step, segments);
    return results(forward(step), true, step, step.wanted());
  }

  private void fill(StepData step, List<Segment> segments) {
    memory.reserve(step.ints(), floats(step));
    ByteBuffer data = memory.inputs(step.ints()).order(ByteOrder.nativeOrder());
    step.fill(data.asIntBuffer(), segments, KvPlan.BLOCK_TOKENS, spare);
  }

  private static int floats(StepData step) {
    return Math.max(1, 2 * step.wanted());
  }

  /** Queues a step whose data are in place. */
  private IValue forward(StepData step) {
    try (PtNDManager inputs = (PtNDManager) host.newSubManager();
        IValue first = tensor(inputs, memory.inputs(step.ints()), DataType.INT32);
        IValue second = tensor(inputs, memory.outputs(floats(step)), DataType.FLOAT32);
        IValue tokens = IValue.from((long) step.tokens());
        IValue count = IValue.from((long) step.segments());
        IValue rows = IValue.from((long) step.wanted());
        IValue longest = IValue.from((long) step.longest());
        IValue reach = IValue.from((long) step.reach())) {
      return block.forward(cache, first, second, tokens, count, rows, longest, reach);
    }
  }

  /**
   * Waits for a step.
   *
   * @param owned whether the logits are closed with the step
   * @param wanted rows; the step may have more, of padding
   */
  private HeldLogits results(IValue logits, boolean owned, StepData step, int wanted) {
    try {
      memory.await();
    } catch (RuntimeException | Error e) {
      if (owned) {
        logits.close();
      }
      throw e;
    }
    FloatBuffer best = memory.outputs(floats(step)).order(ByteOrder.nativeOrder()).asFloatBuffer();
    float[] found = new float[2 * wanted];
    best.get(0, found, 0, wanted);
    best.get(step.wanted(), found, wanted, wanted);
    PtNDManager results = (PtNDManager) manager.newSubManager();
    return new RunLogits(block, logits, owned, found, results, t -> top(logits, step.wanted(), t));
  }

  /** Candidates of the first rows, one for each temperature. */
  private float[] top(IValue logits, int rows, float[] temperatures) {
    int count = Math.min(Candidates.COUNT, shape.vocabulary());
    int floats = rows * (2 * count + 1);
    memory.reserve(rows, floats);
    ByteBuffer given = memory.inputs(rows).order(ByteOrder.nativeOrder());
    float[] all = Arrays.copyOf(temperatures, rows);
    Arrays.fill(all, temperatures.length, rows, 1);
    given.asFloatBuffer().put(all);
    ByteBuffer out = memory.outputs(floats).order(ByteOrder.nativeOrder());
    try (PtNDManager tensors = (PtNDManager) host.newSubManager();
        IValue first = tensor(tensors, given, DataType.FLOAT32);
        IValue second = tensor(tensors, out, DataType.FLOAT32);
        IValue third = IValue.from((long) count)) {
      IValueUtils.runMethod(block, "top", logits, first, second, third).close();
      memory.await();
    }
    float[] found = new float[temperatures.length * (2 * count + 1)];
    out.asFloatBuffer().get(found);
    return found;
  }

  /** A tensor over memory of the host: DJL copies nothing for a direct buffer on the CPU. */
  private static IValue tensor(PtNDManager manager, ByteBuffer data, DataType type) {
    Shape shape = new Shape(data.remaining() / Integer.BYTES);
    return IValue.from(manager.create(data, shape, type));
  }

  @Override
  void closeParts() {
    if (recordings != null) {
      recordings.close();
    }
    cache.close();
    mover.close();
    block.close();
    memory.close();
    host.close();
    manager.close();
  }
}
