package dev.headrace.worker.device;

import dev.headrace.protocol.body.TokenLogprob;
import java.util.List;

/**
 * How far a row is that takes many steps.
 *
 * @param row its index in its batch
 * @param text what was generated since the last report of this row; whole characters only, and
 *     nothing that may turn out to be the beginning of a stop string
 * @param tokens generated so far, in all
 * @param logprobs of the tokens since the last report; empty unless asked for
 */
public record RowProgress(int row, String text, int tokens, List<TokenLogprob> logprobs) {
  public RowProgress {
    logprobs = List.copyOf(logprobs);
  }
}
