package dev.headrace.worker.generate.sample;

import java.util.Map;

/**
 * How the tokens of one request are chosen. They apply in the order of Hugging Face's {@code
 * generate}: bias, repetition penalty, presence and frequency penalties, temperature, top-k, top-p,
 * min-p.
 *
 * @param temperature divides the logits; 0 takes the most likely token, whatever follows here
 * @param topK tokens to choose from, the most likely ones; 0 for all
 * @param topP the smallest set of most likely tokens with at least this probability; 1 for all
 * @param minP tokens at least this likely relative to the most likely one; 0 for all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens of the prompt
 *     and of the text so far (CTRL, arXiv 1909.05858); 1 for none
 * @param presencePenalty taken off the logits of tokens of the text so far, once; OpenAI's
 * @param frequencyPenalty the same, once for each time that the token occurs
 * @param bias added to the logits of these tokens
 * @param seed with the choice and the position it determines each draw
 * @param topLogprobs most likely tokens to report with each token, 0 for none; -1 to report no
 *     probability at all
 */
public record SamplingParameters(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    Map<Integer, Float> bias,
    long seed,
    int topLogprobs) {

  /** The most that can be reported with a token (OpenAI's limit). */
  public static final int MAX_TOP_LOGPROBS = 20;

  /** The most likely token, no probabilities. */
  public static final SamplingParameters GREEDY =
      new SamplingParameters(0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1);

  public SamplingParameters {
    bias = Map.copyOf(bias);
    check("temperature", temperature, 0, 100);
    check("top_k", topK, 0, Integer.MAX_VALUE);
    check("top_p", topP, 0, 1);
    check("min_p", minP, 0, 1);
    check("repetition_penalty", repetitionPenalty, 0.01, 100);
    check("presence_penalty", presencePenalty, -100, 100);
    check("frequency_penalty", frequencyPenalty, -100, 100);
    check("top_logprobs", topLogprobs, -1, MAX_TOP_LOGPROBS);
    bias.forEach((token, value) -> check("logit_bias of " + token, value, -1000, 1000));
  }

  private static void check(String name, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + ".." + most + ")");
    }
  }

  /** Whether the most likely token is always taken. */
  boolean greedy() {
    return temperature == 0 || topK == 1;
  }

  /** Whether anything changes logits before the temperature does. */
  boolean penalises() {
    return repetitionPenalty != 1
        || presencePenalty != 0
        || frequencyPenalty != 0
        || !bias.isEmpty();
  }

  /** Starts from the plain distribution of the model: temperature 1, nothing else. */
  public static Builder builder() {
    return new Builder();
  }

  /** Sets what differs from the plain distribution. */
  public static final class Builder {
    private double temperature = 1;
    private int topK;
    private double topP = 1;
    private double minP;
    private double repetitionPenalty = 1;
    private double presencePenalty;
    private double frequencyPenalty;
    private Map<Integer, Float> bias = Map.of();
    private long seed;
    private int topLogprobs = -1;

    private Builder() {}

    public Builder temperature(double value) {
      temperature = value;
      return this;
    }

    public Builder topK(int value) {
      topK = value;
      return this;
    }

    public Builder topP(double value) {
      topP = value;
      return this;
    }

    public Builder minP(double value) {
      minP = value;
      return this;
    }

    public Builder repetitionPenalty(double value) {
      repetitionPenalty = value;
      return this;
    }

    public Builder presencePenalty(double value) {
      presencePenalty = value;
      return this;
    }

    public Builder frequencyPenalty(double value) {
      frequencyPenalty = value;
      return this;
    }

    public Builder bias(Map<Integer, Float> values) {
      bias = values;
      return this;
    }

    public Builder seed(long value) {
      seed = value;
      return this;
    }

    public Builder topLogprobs(int value) {
      topLogprobs = value;
      return this;
    }

    /**
     * Checks and makes them.
     *
     * @throws IllegalArgumentException that names the parameter, its value and what was expected
     */
    public SamplingParameters build() {
      return new SamplingParameters(
          temperature,
          topK,
          topP,
          minP,
          repetitionPenalty,
          presencePenalty,
          frequencyPenalty,
          bias,
          seed,
          topLogprobs);
    }
  }
}
