package dev.headrace.worker.generate.session;

import java.util.List;

/**
 * One decoder model on one device. Used and closed by the engine thread that loaded it, and by no
 * other.
 *
 * <p>What a scheduler should know of speed: give everything that is to run to one {@link #step},
 * prompts' pieces and decoding sequences together. Their tokens run side by side through every
 * layer but attention, so a sequence that decodes beside a prompt costs next to nothing, and
 * nothing is padded: lengths may differ as they like. The time of a step grows with its tokens, so
 * their number bounds how long the others wait. Results do not depend on what runs beside, but for
 * rounding.
 */
public interface DecoderSession extends AutoCloseable {
  DecoderShape shape();

  /** How much KV memory there is now. */
  KvMemory memory();

  /** An empty sequence. It takes no memory until it has tokens. */
  Sequence open();

  /**
   * A new sequence that begins with the first {@code tokens} tokens of another, as if they had run
   * in it. Their keys and values are copied: the new sequence takes blocks of its own, and the two
   * go on independently. Copying is some hundred times faster than running the tokens.
   *
   * @throws IllegalArgumentException when {@code of} is not open here or has fewer tokens
   * @throws dev.headrace.worker.engine.EngineException {@code RESOURCE} when too few blocks are
   *     free; nothing has changed then
   */
  Sequence fork(Sequence of, int tokens);

  /**
   * Forgets what follows the first {@code tokens} tokens and frees the blocks behind them.
   *
   * @throws IllegalArgumentException when the sequence is not open here or has fewer tokens
   */
  void truncate(Sequence sequence, int tokens);

  /** Frees a sequence's memory; it cannot be used any more. Releasing it again does nothing. */
  void release(Sequence sequence);

  /**
   * Runs tokens of sequences, at most one segment for each sequence, and gives the logits after the
   * last token of each segment that asks.
   *
   * @throws IllegalArgumentException when there is no segment, a sequence is not open here or
   *     occurs twice, a segment is empty, an id is unknown, or a sequence would be longer than
   *     {@code maxPositions}; nothing has run then
   * @throws dev.headrace.worker.engine.EngineException {@code RESOURCE} when KV memory is too small
   *     (nothing has run then) or the device's memory ran out; {@code INTERNAL} or {@code FATAL}
   *     when the engine fails. Sequences are as they were before the step; unless the kind is
   *     FATAL, the session lives on
   */
  Logits step(List<Segment> segments);

  /** Frees the model's memory and all sequences. Closing again does nothing. */
  @Override
  void close();
}
