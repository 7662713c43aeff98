package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.decoder.DecoderConfig;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.util.List;

/** A decoder in libtorch. What it hands to libtorch is described at {@code DecoderEmitter}. */
final class TorchDecoder extends OwnedDecoder<KvSequence> {
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final KvBlocks blocks;
  private final PtNDArray cache;
  private final IValue cacheValue;
  private final StepInputs inputs;

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
    super(model, KvSequence.class, owner, model.config().kvElements() * type.getNumOfBytes());
    this.block = block;
    this.manager = manager;
    DecoderConfig config = model.config();
    int count = plan.blocks(shape.kvBytesPerToken());
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
      shrink(copy, 0);
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
  void shrink(KvSequence sequence, int count) {
    sequence.blocks = blocks.giveBack(sequence.blocks, count);
  }

  @Override
  void grow(List<Segment> segments) {
    KvMemory memory = blocks.memory();
    for (Segment segment : segments) {
      KvSequence sequence = (KvSequence) segment.sequence();
      int more = memory.blocksToGrow(sequence.tokens, segment.tokens().length);
      sequence.blocks = blocks.take(sequence.blocks, more);
    }
  }

  @Override
  HeldLogits run(List<Segment> segments) {
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

  @Override
  void closeParts() {
    cacheValue.close();
    block.close();
    manager.close();
  }
}
