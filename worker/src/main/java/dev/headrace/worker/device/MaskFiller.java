package dev.headrace.worker.device;

import java.util.List;

/** What a model can do that fills masks. Thread-safe. */
public interface MaskFiller {
  /** What stands for a mask in a text, as {@code [MASK]}. */
  String maskToken();

  /** The most candidates for a mask. */
  int candidates();

  /**
   * Tokenises texts.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for a text that has no tokens in
   *     this model, or no mask among those that the model reads
   */
  List<Masked> rows(List<String> texts);

  /** What a token stands for. */
  String text(int token);

  /**
   * A text with masks.
   *
   * @param row its output ends with, for each mask in order, {@link #candidates} probabilities and
   *     as many token ids
   * @param masks how many it has, at least 1
   */
  record Masked(Row row, int masks) {}
}
