package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.DecoderShape;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.decoder.DecoderConfig;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A decoder in libtorch. What it hands to libtorch is described at {@code DecoderEmitter}. */
final class TorchDecoder implements DecoderSession {
  private static final int WARM_UP_RUNS = 3;

  private final DecoderModel model;
  private final DecoderShape shape;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final Thread owner;
  private final KvBlocks blocks;
  private final PtNDArray cache;
  private final IValue cacheValue;
  private final StepInputs inputs;
  private @Nullable TorchLogits last;
  private boolean open = true;

  /**
   * A session over a loaded module.
   *
   * @param type of the KV cache
   * @param multiple tokens of a step are padded to a multiple of this
   */
  TorchDecoder(
      DecoderModel model,
      PtSymbolBlock block,
      PtNDManager manager,
      Thread owner,
      KvPlan plan,
      DataType type,
      int multiple) {
    this.model = model;
    this.block = block;
    this.manager = manager;
    this.owner = owner;
    DecoderConfig config = model.config();
    long bytesPerToken = config.kvElements() * type.getNumOfBytes();
    this.shape = new DecoderShape(config.vocabulary(), model.maxTokens(), bytesPerToken);
    int count = plan.blocks(bytesPerToken);
    this.blocks = new KvBlocks(KvPlan.BLOCK_TOKENS, count);
    // One block more than is given out, for the keys of padding.
    this.cache =
        (PtNDArray)
            manager.zeros(
                new Shape(
                    config.layers(),
                    2,
                    count + 1L,
                    config.kvHeads(),
                    KvPlan.BLOCK_TOKENS,
                    config.headSize()),
                type);
    this.cacheValue = IValue.from(cache);
    this.inputs = new StepInputs(config, KvPlan.BLOCK_TOKENS, count, multiple);
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
    return blocks.memory();
  }

  @Override
  public Sequence open() {
    checkOpen();
    return new KvSequence(this);
  }

  @Override
  public Sequence fork(Sequence of, int tokens) {
    KvSequence source = own(of, tokens);
    KvSequence copy = new KvSequence(this);
    StepCheck.room(blocks.memory().blocks(tokens), blocks.memory(), model.name());
    copy.blocks = blocks.take(copy.blocks, blocks.memory().blocks(tokens));
    try {
      copyBlocks(source.blocks, copy.blocks);
    } catch (RuntimeException | Error e) {
      copy.blocks = blocks.giveBack(copy.blocks, 0);
      throw TorchErrors.translate("forking a sequence of " + model.name(), e);
    }
    copy.tokens = tokens;
    return copy;
  }

  private void copyBlocks(int[] from, int[] to) {
    for (int i = 0; i < to.length; i++) {
      try (PtNDManager scope = (PtNDManager) manager.newSubManager()) {
        String all = ":, :, ";
        cache.set(
            new ai.djl.ndarray.index.NDIndex(all + to[i]),
            cache.get(scope, new ai.djl.ndarray.index.NDIndex(all + from[i])));
      }
    }
  }

  @Override
  public void truncate(Sequence sequence, int tokens) {
    KvSequence own = own(sequence, tokens);
    own.blocks = blocks.giveBack(own.blocks, blocks.memory().blocks(tokens));
    own.tokens = tokens;
  }

  @Override
  public void release(Sequence sequence) {
    TorchEngine.checkOwner(owner);
    if (sequence instanceof KvSequence own && own.session == this && own.open) {
      own.blocks = blocks.giveBack(own.blocks, 0);
      own.tokens = 0;
      own.open = false;
    }
  }

  @Override
  public Logits step(List<Segment> segments) {
    checkOpen();
    StepCheck.segments(segments, shape, sequence -> own(sequence, 0));
    forgetLast();
    KvMemory memory = blocks.memory();
    int needed = 0;
    for (Segment segment : segments) {
      needed += memory.blocksToGrow(segment.sequence().tokens(), segment.tokens().length);
    }
    StepCheck.room(needed, memory, model.name());
    try {
      for (Segment segment : segments) {
        KvSequence sequence = (KvSequence) segment.sequence();
        int more = memory.blocksToGrow(sequence.tokens, segment.tokens().length);
        sequence.blocks = blocks.take(sequence.blocks, more);
      }
      TorchLogits logits = run(segments);
      for (Segment segment : segments) {
        ((KvSequence) segment.sequence()).tokens += segment.tokens().length;
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

  private TorchLogits run(List<Segment> segments) {
    int wanted = (int) segments.stream().filter(Segment::logits).count();
    PtNDManager step = (PtNDManager) manager.newSubManager();
    IValue[] values = inputs.write(cacheValue, segments, step);
    try (IValue result = block.forward(values)) {
      return new TorchLogits(result.toTensor(step), wanted, shape.vocabulary(), step);
    } catch (RuntimeException | Error e) {
      step.close();
      throw e;
    } finally {
      for (int i = 1; i < values.length; i++) {
        values[i].close();
      }
    }
  }

  private void forgetLast() {
    if (last != null) {
      last.close();
      last = null;
    }
  }

  /** The sequence, if it is open here and has so many tokens. */
  private KvSequence own(Sequence sequence, int tokens) {
    checkOpen();
    if (!(sequence instanceof KvSequence own) || own.session != this || !own.open) {
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
      cacheValue.close();
      block.close();
      manager.close();
    }
  }
}
