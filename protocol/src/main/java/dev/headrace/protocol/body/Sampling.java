package dev.headrace.protocol.body;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the next token is chosen, and what ends a text. Names and ranges are those of OpenAI's API;
 * {@code top_k}, {@code min_p}, {@code repetition_penalty}, {@code stop_token_ids} and {@code
 * ignore_eos} those of vLLM.
 *
 * @param temperature 0 (greedy) to 2
 * @param topP most likely tokens that together have this probability; over 0 to 1, 1 for all
 * @param topK most likely tokens, 0 for all
 * @param minP tokens at least this likely as a share of the most likely one; 0 for all
 * @param presencePenalty taken from the logit of every token that was generated before; -2 to 2
 * @param frequencyPenalty taken from a logit for each time its token was generated; -2 to 2
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens in prompt and
 *     text (CTRL, arXiv 1909.05858, section 4.1); over 0, 1 for none
 * @param seed makes a text repeatable; null for a random one
 * @param stop texts before which the generated text ends
 * @param stopTokens ids of tokens at which the generated text ends
 * @param logprobs how many alternatives to each token are reported with their log probabilities; -1
 *     for no log probabilities at all
 * @param ignoreEnd whether the model's own end of text is passed over
 */
public record Sampling(
    double temperature,
    double topP,
    int topK,
    double minP,
    double presencePenalty,
    double frequencyPenalty,
    double repetitionPenalty,
    @Nullable Long seed,
    List<String> stop,
    List<Integer> stopTokens,
    int logprobs,
    boolean ignoreEnd) {

  /** OpenAI's defaults. */
  public static final Sampling DEFAULT =
      new Sampling(1, 1, 0, 0, 0, 0, 1, null, List.of(), List.of(), -1, false);

  /** Always the most likely token. */
  public static final Sampling GREEDY = DEFAULT.withTemperature(0);

  public Sampling {
    stop = List.copyOf(stop);
    stopTokens = List.copyOf(stopTokens);
  }

  /** This with another temperature. */
  public Sampling withTemperature(double value) {
    return new Sampling(
        value,
        topP,
        topK,
        minP,
        presencePenalty,
        frequencyPenalty,
        repetitionPenalty,
        seed,
        stop,
        stopTokens,
        logprobs,
        ignoreEnd);
  }

  /** This with another seed. */
  public Sampling withSeed(@Nullable Long value) {
    return new Sampling(
        temperature,
        topP,
        topK,
        minP,
        presencePenalty,
        frequencyPenalty,
        repetitionPenalty,
        value,
        stop,
        stopTokens,
        logprobs,
        ignoreEnd);
  }

  /** This with other stop strings. */
  public Sampling withStop(List<String> texts) {
    return new Sampling(
        temperature,
        topP,
        topK,
        minP,
        presencePenalty,
        frequencyPenalty,
        repetitionPenalty,
        seed,
        texts,
        stopTokens,
        logprobs,
        ignoreEnd);
  }

  /** Whether the same request gives the same text again. */
  public boolean repeatable() {
    return temperature == 0 || topK == 1 || seed != null;
  }
}
