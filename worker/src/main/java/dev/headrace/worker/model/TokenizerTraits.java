package dev.headrace.worker.model;

import java.util.Map;

/**
 * How a model uses its tokenizer, as far as the tokenizer itself does not say it.
 *
 * @param tokenTypes whether the model is told which of two texts a token is from
 * @param prompts texts that are put before others on request, by name
 * @param continuingPrefix what the tokens that go on with a word begin with, as {@code ##}; empty
 *     where they have no such mark
 * @param unknownToken the token that stands for what has no other; empty for none
 */
public record TokenizerTraits(
    boolean tokenTypes, Map<String, String> prompts, String continuingPrefix, String unknownToken) {
  /** Of models that nothing is known about. */
  public static final TokenizerTraits PLAIN = new TokenizerTraits(true, Map.of(), "", "");

  public TokenizerTraits {
    prompts = Map.copyOf(prompts);
  }
}
