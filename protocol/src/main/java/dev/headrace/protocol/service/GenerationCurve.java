package dev.headrace.protocol.service;

/**
 * Service time of a model that generates texts step by step, many sequences side by side:
 *
 * <pre>
 *   step = fixed + perPromptToken × prompt tokens read in it
 *        + perSequence × sequences that get a token + perContextToken × tokens they look back at
 * </pre>
 *
 * <p>The fixed part is reading the weights, which is why more sequences hardly make a step longer
 * (Pope et al., Efficiently Scaling Transformer Inference, 2022); the last part is attention.
 *
 * @param fixedSeconds per step
 * @param secondsPerPromptToken while a prompt is read
 * @param secondsPerSequence per step and sequence
 * @param secondsPerContextToken per step and token in the caches of all sequences together
 * @param outputShare of the tokens that a request allows, how many it really gets; 0 to 1
 * @param relativeError mean absolute error of recent predictions of steps and lengths, 0 if none
 * @param samples steps it was fitted on; 0 means a guess
 */
public record GenerationCurve(
    double fixedSeconds,
    double secondsPerPromptToken,
    double secondsPerSequence,
    double secondsPerContextToken,
    double outputShare,
    double relativeError,
    long samples) {
  public GenerationCurve {
    requireFinite("fixedSeconds", fixedSeconds);
    requireFinite("secondsPerPromptToken", secondsPerPromptToken);
    requireFinite("secondsPerSequence", secondsPerSequence);
    requireFinite("secondsPerContextToken", secondsPerContextToken);
    requireFinite("relativeError", relativeError);
    if (!(outputShare >= 0 && outputShare <= 1)) {
      throw new IllegalArgumentException("outputShare: " + outputShare + " (expected: 0..1)");
    }
    if (samples < 0) {
      throw new IllegalArgumentException("samples: " + samples + " (expected: >= 0)");
    }
  }

  private static void requireFinite(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: finite, >= 0)");
    }
  }

  /**
   * Seconds of one step.
   *
   * @param promptTokens read in it
   * @param sequences that get a token
   * @param contextTokens in the caches of those sequences together
   */
  public double stepSeconds(long promptTokens, int sequences, long contextTokens) {
    return fixedSeconds
        + secondsPerPromptToken * promptTokens
        + secondsPerSequence * sequences
        + secondsPerContextToken * contextTokens;
  }

  /** Tokens that a request that allows so many is expected to get. */
  public double expectedTokens(long allowed) {
    return outputShare * allowed;
  }

  /**
   * Seconds from the first step of a request's sequences to the last, when the device works on so
   * many sequences of this kind.
   *
   * @param rows sequences of the request
   * @param promptTokens of all of them
   * @param allowedTokens that they may generate together
   * @param sequences side by side on the device, the request's included
   */
  public double requestSeconds(int rows, long promptTokens, long allowedTokens, double sequences) {
    double steps = expectedTokens(allowedTokens) / rows;
    double together = Math.max(rows, sequences);
    return prefillSeconds(promptTokens) + steps * usualStep(rows, promptTokens, steps, together);
  }

  /**
   * Seconds of device time that a request adds to a busy device: its prompt, and its share of the
   * steps that it takes part in.
   */
  public double marginalSeconds(int rows, long promptTokens, long allowedTokens, double sequences) {
    double steps = expectedTokens(allowedTokens) / rows;
    double together = Math.max(rows, sequences);
    double share = rows / together;
    return prefillSeconds(promptTokens)
        + steps * share * usualStep(rows, promptTokens, steps, together);
  }

  private double prefillSeconds(long promptTokens) {
    return secondsPerPromptToken * promptTokens;
  }

  /** A step with sequences like the request's, on average half done. */
  private double usualStep(int rows, long promptTokens, double steps, double sequences) {
    double context = (double) promptTokens / rows + steps / 2;
    return fixedSeconds
        + secondsPerSequence * sequences
        + secondsPerContextToken * sequences * context;
  }

  /** As {@link ServiceCurve#marginShare}. */
  public double marginShare() {
    return samples == 0 ? Math.max(1, relativeError) : relativeError;
  }
}
