package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import dev.headrace.worker.generate.session.Candidates;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoder on a GPU: each sequence's keys and values are one run of the cache, a step is one copy
 * to the device, kernels, and one small copy back. What it hands to libtorch is described at {@code
 * PackedDecoderEmitter}.
 */
final class RunDecoder extends OwnedDecoder<RunSequence> {
  private final PtSymbolBlock block;
  private final KvMover mover;
  private final PtNDManager manager;
  private final PtNDManager host;
  private final KvRuns runs;
  private final IValue cache;
  private final StepMemory memory;

  /**
   * What a session takes over and closes.
   *
   * @param block the loaded module
   * @param device for tensors on the device
   * @param host for tensors over the host's memory
   */
  record Parts(
      PtSymbolBlock block,
      KvMover mover,
      PtNDManager device,
      PtNDManager host,
      StepMemory memory) {}

  /**
   * A session over a loaded module.
   *
   * @param type of the KV cache
   */
  RunDecoder(DecoderModel model, Parts parts, Thread owner, KvPlan plan, DataType type) {
    super(model, RunSequence.class, owner, model.config().kvElements() * type.getNumOfBytes());
    this.block = parts.block();
    this.mover = parts.mover();
    this.manager = parts.device();
    this.host = parts.host();
    this.memory = parts.memory();
    this.runs = new KvRuns(KvPlan.BLOCK_TOKENS, plan.blocks(shape.kvBytesPerToken()));
    long slots = (long) runs.memory().totalBlocks() * KvPlan.BLOCK_TOKENS;
    try (IValue count = IValue.from(slots)) {
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
    int ints = step.ints(segments.size());
    int floats = 2 * step.wanted();
    memory.reserve(ints, Math.max(1, floats));
    ByteBuffer data = memory.inputs(ints);
    step.fill(data.order(ByteOrder.nativeOrder()).asIntBuffer(), segments, KvPlan.BLOCK_TOKENS);
    ByteBuffer best = memory.outputs(Math.max(1, floats)).order(ByteOrder.nativeOrder());
    PtNDManager results = (PtNDManager) manager.newSubManager();
    try (PtNDManager inputs = (PtNDManager) host.newSubManager();
        IValue first = tensor(inputs, data, DataType.INT32);
        IValue second = tensor(inputs, best, DataType.FLOAT32);
        IValue tokens = IValue.from((long) step.tokens());
        IValue count = IValue.from((long) segments.size());
        IValue rows = IValue.from((long) step.wanted());
        IValue longest = IValue.from((long) step.longest());
        IValue reach = IValue.from((long) step.reach())) {
      IValue logits = block.forward(cache, first, second, tokens, count, rows, longest, reach);
      try {
        memory.await();
      } catch (RuntimeException | Error e) {
        logits.close();
        throw e;
      }
      float[] found = new float[floats];
      best.asFloatBuffer().get(found);
      return new RunLogits(block, logits, found, results, t -> top(logits, t));
    } catch (RuntimeException | Error e) {
      results.close();
      throw e;
    }
  }

  private float[] top(IValue logits, float[] temperatures) {
    int count = Math.min(Candidates.COUNT, shape.vocabulary());
    int floats = temperatures.length * (2 * count + 1);
    memory.reserve(temperatures.length, floats);
    ByteBuffer given = memory.inputs(temperatures.length).order(ByteOrder.nativeOrder());
    given.asFloatBuffer().put(temperatures);
    ByteBuffer out = memory.outputs(floats).order(ByteOrder.nativeOrder());
    try (PtNDManager tensors = (PtNDManager) host.newSubManager();
        IValue first = tensor(tensors, given, DataType.FLOAT32);
        IValue second = tensor(tensors, out, DataType.FLOAT32);
        IValue third = IValue.from((long) count)) {
      IValueUtils.runMethod(block, "top", logits, first, second, third).close();
      memory.await();
    }
    float[] found = new float[floats];
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
    cache.close();
    mover.close();
    block.close();
    memory.close();
    host.close();
    manager.close();
  }
}
