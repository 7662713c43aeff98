package dev.headrace.protocol.body;

import org.jspecify.annotations.Nullable;

/**
 * What chat and completion requests have in common.
 *
 * @param maxTokens most tokens of one choice; 0 when none was given
 * @param choices how many texts to generate for each prompt
 * @param sampling how
 * @param stream whether the text is sent as it comes
 * @param responseFormat {@code response_format} as JSON when it asks for anything but plain text;
 *     else null
 */
public record GenerationOptions(
    int maxTokens,
    int choices,
    Sampling sampling,
    boolean stream,
    @Nullable String responseFormat) {

  /** One text, OpenAI's defaults. */
  public static final GenerationOptions DEFAULT =
      new GenerationOptions(0, 1, Sampling.DEFAULT, false, null);

  /** This with another sampling. */
  public GenerationOptions with(Sampling other) {
    return new GenerationOptions(maxTokens, choices, other, stream, responseFormat);
  }

  /** This with so many choices. */
  public GenerationOptions withChoices(int count) {
    return new GenerationOptions(maxTokens, count, sampling, stream, responseFormat);
  }

  /** This with another limit. */
  public GenerationOptions withMaxTokens(int tokens) {
    return new GenerationOptions(tokens, choices, sampling, stream, responseFormat);
  }

  /** This, streamed or not. */
  public GenerationOptions streamed(boolean value) {
    return new GenerationOptions(maxTokens, choices, sampling, value, responseFormat);
  }
}
