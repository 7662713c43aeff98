package dev.headrace.protocol.service;

/**
 * Fits a {@link GenerationCurve} to measured steps and finished texts as they come; {@link
 * RobustFit} says how. Not thread-safe.
 */
public final class GenerationFitter {
  /** Milliseconds a step, tens of microseconds a token or sequence, nanoseconds a cached token. */
  private static final double[] SCALE = {1e-3, 1e-5, 1e-5, 1e-9};

  /** Weight of a finished text in the learned length: about the last 50 (chosen). */
  private static final double LENGTH_GAIN = 0.02;

  private final RobustFit fit;
  private final GenerationCurve guess;
  private double outputShare;
  private double lengthError;
  private long texts;

  /** Starts from a guess that the first measurements soon outweigh. */
  public GenerationFitter(GenerationCurve guess) {
    this.guess = guess;
    this.outputShare = guess.outputShare();
    this.fit =
        new RobustFit(
            new double[] {
              guess.fixedSeconds(),
              guess.secondsPerPromptToken(),
              guess.secondsPerSequence(),
              guess.secondsPerContextToken()
            },
            SCALE,
            guess.relativeError());
  }

  /**
   * Takes one step's measured time.
   *
   * @param promptTokens read in it
   * @param sequences that got a token
   * @param contextTokens in the caches of those sequences together
   */
  public void addStep(long promptTokens, int sequences, long contextTokens, double seconds) {
    if (promptTokens < 0 || sequences < 0 || contextTokens < 0 || promptTokens + sequences == 0) {
      return;
    }
    fit.add(new double[] {1, promptTokens, sequences, contextTokens}, seconds);
  }

  /** Takes a text that ended by itself or at its limit: how long it might be and how long it is. */
  public void addText(long allowedTokens, long generatedTokens) {
    if (allowedTokens < 1 || generatedTokens < 0) {
      return;
    }
    double share = Math.min(1, (double) generatedTokens / allowedTokens);
    // The first texts count in full, so that a wrong guess does not last.
    double gain = Math.max(LENGTH_GAIN, 1.0 / (texts + 1));
    lengthError += gain * (Math.abs(share - outputShare) - lengthError);
    outputShare += gain * (share - outputShare);
    texts++;
  }

  /** The fit so far; no coefficient is negative. */
  public GenerationCurve curve() {
    if (fit.samples() == 0) {
      return new GenerationCurve(
          guess.fixedSeconds(),
          guess.secondsPerPromptToken(),
          guess.secondsPerSequence(),
          guess.secondsPerContextToken(),
          outputShare,
          guess.relativeError(),
          0);
    }
    double ofLength = outputShare > 0 ? Math.min(1, lengthError / outputShare) : 0;
    return new GenerationCurve(
        fit.coefficient(0),
        fit.coefficient(1),
        fit.coefficient(2),
        fit.coefficient(3),
        outputShare,
        // Both errors are there at once and independent of each other.
        Math.hypot(fit.relativeError(), ofLength),
        fit.samples());
  }
}
