package dev.headrace.protocol.body;

import java.util.List;

/**
 * A generated token with its log probability (natural logarithm).
 *
 * @param token the token's text; a token that is part of a character shows as a replacement
 *     character
 * @param logprob of this token
 * @param top the most likely tokens at this place, most likely first; empty unless asked for
 */
public record TokenLogprob(String token, double logprob, List<Alternative> top) {
  public TokenLogprob {
    top = List.copyOf(top);
  }

  /** A token that could have been. */
  public record Alternative(String token, double logprob) {}
}
