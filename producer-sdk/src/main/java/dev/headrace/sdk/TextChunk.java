package dev.headrace.sdk;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.TokenLogprob;
import java.util.List;
import java.util.Optional;

/**
 * A piece of a text that is being generated.
 *
 * @param index of the choice; those of prompt 0 first
 * @param text what came since the last piece of this choice
 * @param finish why the choice ended; empty while it goes on
 * @param logprobs of the tokens in this piece, where they are known; empty unless asked for
 * @param replaces whether the text replaces all that came of this choice before: the worker that
 *     made that is gone, and another made another text
 */
public record TextChunk(
    int index,
    String text,
    Optional<FinishReason> finish,
    List<TokenLogprob> logprobs,
    boolean replaces) {
  public TextChunk {
    logprobs = List.copyOf(logprobs);
  }
}
