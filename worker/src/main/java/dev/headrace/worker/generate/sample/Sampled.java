package dev.headrace.worker.generate.sample;

import java.util.List;

/**
 * A chosen token.
 *
 * @param token its id
 * @param logprob natural logarithm of the probability that the model itself gives it, before bias,
 *     penalties and temperature; 0 when it was not asked for
 * @param top the most likely tokens, the likeliest first; empty when not asked for
 */
public record Sampled(int token, double logprob, List<Alternative> top) {

  /** A token that could have been chosen, and the logarithm of its probability. */
  public record Alternative(int token, double logprob) {}
}
