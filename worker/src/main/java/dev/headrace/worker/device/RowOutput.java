package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a model made of one row. */
public sealed interface RowOutput {
  /**
   * An embedding.
   *
   * @param values {@code [dimension] float32}; never modified
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Vector(float[] values) implements RowOutput {}

  /**
   * A text.
   *
   * @param text all of it, without stop strings
   * @param finish why it ended; the reason of the {@link RowDrop} for a row that was dropped
   * @param promptTokens of its prompt
   * @param cachedTokens of these, those whose keys and values were known already
   * @param tokens that were generated
   * @param logprobs of these; null unless asked for
   */
  record Generated(
      String text,
      FinishReason finish,
      int promptTokens,
      int cachedTokens,
      int tokens,
      @Nullable List<TokenLogprob> logprobs)
      implements RowOutput {
    public Generated {
      logprobs = logprobs == null ? null : List.copyOf(logprobs);
    }
  }

  /** Nothing: this row alone went wrong, as with a result that is no number. */
  record Failed(Failure failure) implements RowOutput {}
}
