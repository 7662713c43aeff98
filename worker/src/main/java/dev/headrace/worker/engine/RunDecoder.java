package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import dev.headrace.worker.generate.session.Candidates;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.DecoderShape;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.decoder.DecoderConfig;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A decoder on a GPU: each sequence's keys and values are one run of the cache, a step is one copy
 * to the device, kernels, and one small copy back. What it hands to libtorch is described at {@code
 * PackedDecoderEmitter}.
 */
final class RunDecoder implements DecoderSession {
  private static final int WARM_UP_RUNS = 3;

  private final DecoderModel model;
  private final DecoderShape shape;
  private final PtSymbolBlock block;
  private final KvMover mover;
  private final PtNDManager manager;
  private final PtNDManager host;
  private final Thread owner;
  private final KvRuns runs;
  private final IValue cache;
  private final StepMemory memory;
  private @Nullable RunLogits last;
  private boolean open = true;

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
    this.model = model;
    this.block = parts.block();
    this.mover = parts.mover();
    this.manager = parts.device();
    this.host = parts.host();
    this.memory = parts.memory();
    this.owner = owner;
    DecoderConfig config = model.config();
    long bytesPerToken = config.kvElements() * type.getNumOfBytes();
    this.shape = new DecoderShape(config.vocabulary(), model.maxTokens(), bytesPerToken);
    this.runs = new KvRuns(KvPlan.BLOCK_TOKENS, plan.blocks(bytesPerToken));
    long slots = (long) runs.memory().totalBlocks() * KvPlan.BLOCK_TOKENS;
    try (IValue count = IValue.from(slots)) {
      this.cache = IValueUtils.runMethod(block, "cache", count);
    }
  }

  /** The first runs of a TorchScript model profile and optimise it. */
  void warmUp() {
    for (int i = 0; i < WARM_UP_RUNS; i++) {
      Sequence first = open();
      int tokens = Math.min(8, Math.min(shape.maxPositions(), KvPlan.BLOCK_TOKENS) - 1);
      step(List.of(new Segment(first, new int[tokens], true)));
      step(List.of(Segment.decode(first, 0)));
      release(first);
    }
  }

  @Override
  public DecoderShape shape() {
    return shape;
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
      grow(Map.of(copy.run, blocks));
      if (tokens > 0) {
        long size = KvPlan.BLOCK_TOKENS;
        mover.copy(cache, source.run.start() * size, copy.run.start() * size, tokens);
      }
    } catch (RuntimeException | Error e) {
      runs.shrink(copy.run, 0);
      throw TorchErrors.translate("forking a sequence of " + model.name(), e);
    }
    copy.tokens = tokens;
    return copy;
  }

  private void grow(Map<KvRuns.Run, Integer> wanted) {
    for (KvRuns.Move move : runs.grow(wanted)) {
      mover.move(cache, move, KvPlan.BLOCK_TOKENS);
    }
  }

  @Override
  public void truncate(Sequence sequence, int tokens) {
    RunSequence own = own(sequence, tokens);
    runs.shrink(own.run, runs.memory().blocks(tokens));
    own.tokens = tokens;
  }

  @Override
  public void release(Sequence sequence) {
    TorchEngine.checkOwner(owner);
    if (sequence instanceof RunSequence own && own.session == this && own.open) {
      runs.shrink(own.run, 0);
      own.tokens = 0;
      own.open = false;
    }
  }

  @Override
  public Logits step(List<Segment> segments) {
    checkOpen();
    StepCheck.segments(segments, shape, sequence -> own(sequence, 0));
    forgetLast();
    Map<KvRuns.Run, Integer> wanted = new LinkedHashMap<>();
    int needed = 0;
    for (Segment segment : segments) {
      RunSequence sequence = (RunSequence) segment.sequence();
      int blocks = runs.memory().blocks(sequence.tokens + segment.tokens().length);
      if (blocks > sequence.run.count()) {
        wanted.put(sequence.run, blocks);
        needed += blocks - sequence.run.count();
      }
    }
    StepCheck.room(needed, runs.memory(), model.name());
    try {
      grow(wanted);
      RunLogits logits = run(segments);
      for (Segment segment : segments) {
        ((RunSequence) segment.sequence()).tokens += segment.tokens().length;
      }
      last = logits;
      return logits;
    } catch (RuntimeException | Error e) {
      for (Segment segment : segments) {
        truncate(segment.sequence(), segment.sequence().tokens());
      }
      int tokens = segments.stream().mapToInt(s -> s.tokens().length).sum();
      throw TorchErrors.translate(
          "running " + model.name() + " on " + segments.size() + " segments, " + tokens + " tokens",
          e);
    }
  }

  private RunLogits run(List<Segment> segments) {
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

  private void forgetLast() {
    if (last != null) {
      last.close();
      last = null;
    }
  }

  /** The sequence, if it is open here and has so many tokens. */
  private RunSequence own(Sequence sequence, int tokens) {
    checkOpen();
    if (!(sequence instanceof RunSequence own) || own.session != this || !own.open) {
      throw new IllegalArgumentException(
          "sequence: " + sequence + " (expected: one that is open in this session)");
    }
    if (tokens < 0 || tokens > own.tokens) {
      throw new IllegalArgumentException(
          "tokens: " + tokens + " (expected: 0.." + own.tokens + ")");
    }
    return own;
  }

  private void checkOpen() {
    TorchEngine.checkOwner(owner);
    if (!open) {
      throw new IllegalStateException("session of " + model.name() + " is closed");
    }
  }

  @Override
  public void close() {
    TorchEngine.checkOwner(owner);
    if (open) {
      open = false;
      forgetLast();
      cache.close();
      mover.close();
      block.close();
      memory.close();
      host.close();
      manager.close();
    }
  }
}
