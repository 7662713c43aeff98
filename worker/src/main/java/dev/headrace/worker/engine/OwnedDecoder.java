package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.DecoderShape;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What decoders in libtorch have in common: one thread owns them, a sequence belongs to one of
 * them, a step that fails leaves its sequences as they were.
 *
 * @param <S> their sequences
 */
abstract class OwnedDecoder<S extends OwnedSequence> implements DecoderSession {
  private static final int WARM_UP_RUNS = 3;

  final DecoderModel model;
  final DecoderShape shape;
  private final Class<S> sequences;
  private final Thread owner;
  private @Nullable HeldLogits last;
  private boolean open = true;

  /**
   * An open session.
   *
   * @param owner the only thread that may call it
   * @param bytesPerToken of the KV cache
   */
  OwnedDecoder(DecoderModel model, Class<S> sequences, Thread owner, long bytesPerToken) {
    this.model = model;
    this.sequences = sequences;
    this.owner = owner;
    this.shape = new DecoderShape(model.config().vocabulary(), model.maxTokens(), bytesPerToken);
  }

  /** Gives a sequence more or fewer blocks. */
  abstract void shrink(S sequence, int blocks);

  /** Makes room for the tokens of a step; there are blocks enough. */
  abstract void grow(List<Segment> segments);

  /** Runs a step that was checked and has room. */
  abstract HeldLogits run(List<Segment> segments);

  /** Releases what was opened, once. */
  abstract void closeParts();

  /** The first runs of a TorchScript model profile and optimise it. */
  final void warmUp() {
    for (int i = 0; i < WARM_UP_RUNS; i++) {
      Sequence first = open();
      int tokens = Math.min(8, Math.min(shape.maxPositions(), KvPlan.BLOCK_TOKENS) - 1);
      step(List.of(new Segment(first, new int[tokens], true)));
      step(List.of(Segment.decode(first, 0)));
      release(first);
    }
  }

  @Override
  public final DecoderShape shape() {
    return shape;
  }

  @Override
  public final void truncate(Sequence sequence, int tokens) {
    S own = own(sequence, tokens);
    shrink(own, memory().blocks(tokens));
    own.tokens = tokens;
  }

  @Override
  public final void release(Sequence sequence) {
    TorchEngine.checkOwner(owner);
    if (sequence instanceof OwnedSequence own && own.session == this && own.open) {
      shrink(sequences.cast(own), 0);
      own.tokens = 0;
      own.open = false;
    }
  }

  @Override
  public final Logits step(List<Segment> segments) {
    checkOpen();
    StepCheck.segments(segments, shape, sequence -> own(sequence, 0));
    forgetLast();
    KvMemory memory = memory();
    int needed = 0;
    for (Segment segment : segments) {
      needed += memory.blocksToGrow(segment.sequence().tokens(), segment.tokens().length);
    }
    StepCheck.room(needed, memory, model.name());
    try {
      grow(segments);
      HeldLogits logits = run(segments);
      for (Segment segment : segments) {
        ((OwnedSequence) segment.sequence()).tokens += segment.tokens().length;
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

  private void forgetLast() {
    if (last != null) {
      last.close();
      last = null;
    }
  }

  /** The sequence, if it is open here and has so many tokens. */
  final S own(Sequence sequence, int tokens) {
    checkOpen();
    if (!(sequence instanceof OwnedSequence own) || own.session != this || !own.open) {
      throw new IllegalArgumentException(
          "sequence: " + sequence + " (expected: one that is open in this session)");
    }
    if (tokens < 0 || tokens > own.tokens) {
      throw new IllegalArgumentException(
          "tokens: " + tokens + " (expected: 0.." + own.tokens + ")");
    }
    return sequences.cast(own);
  }

  final void checkOpen() {
    TorchEngine.checkOwner(owner);
    if (!open) {
      throw new IllegalStateException("session of " + model.name() + " is closed");
    }
  }

  @Override
  public final void close() {
    TorchEngine.checkOwner(owner);
    if (open) {
      open = false;
      forgetLast();
      closeParts();
    }
  }
}
