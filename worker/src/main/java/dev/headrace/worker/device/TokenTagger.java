package dev.headrace.worker.device;

import dev.headrace.worker.text.TokenSpans;
import java.util.List;

/** What a model can do that gives each token a label. Thread-safe. */
public interface TokenTagger {
  /** In the order of the logits that a row gives for each of its tokens. */
  List<String> labels();

  /**
   * Tokenises texts, cut to what the model takes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for a text that has no tokens in
   *     this model
   */
  List<Tagged> rows(List<String> texts);

  /**
   * A text whose tokens get labels.
   *
   * @param row its output is {@code [tokens, labels]} logits
   * @param truncated whether the text was longer than the model reads
   */
  record Tagged(Row row, TokenSpans spans, boolean truncated) {}
}
