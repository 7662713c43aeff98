package dev.headrace.worker.generate.session;

/**
 * Tokens that follow those a sequence has: a prompt, a piece of one, or the one token that was
 * sampled last.
 *
 * @param sequence whose tokens they are
 * @param tokens {@code ids [n]}, {@code n >= 1}; not copied and not to be changed during the step
 * @param logits whether the logits after the last of these tokens are wanted. Ask only where
 *     something is sampled: the output head is a good part of a small model's work
 */
@SuppressWarnings("ArrayRecordComponent") // one of these for each token of each step
public record Segment(Sequence sequence, int[] tokens, boolean logits) {
  /** One token, whose logits are wanted: a step of decoding. */
  public static Segment decode(Sequence sequence, int token) {
    return new Segment(sequence, new int[] {token}, true);
  }
}
