package dev.headrace.worker.generate.schedule;

/**
 * How many tokens a step may have so that it takes about so long; learned from the steps.
 *
 * <p>What a token costs is what a step costs over its tokens. In steps of few tokens that is more
 * than in larger ones, so they may say that a token costs less than is known and not that it costs
 * more. If they said nothing, one slow step would be the end of it: the budget falls below the
 * steps that tell anything, prompts run in small pieces ever after, so few texts decode side by
 * side, and no step is large again. That was seen on a GPU, whose first steps take seconds: 16
 * tokens a step and 4.8 texts instead of 128.
 */
final class StepBudget {
  /** Steps with fewer tokens say what a step costs, not what a token costs (chosen). */
  private static final int TELLING = 32;

  /** What is tried before anything is known (chosen: a quarter of a second on a slow CPU). */
  private static final int FIRST = 64;

  private static final int LEAST = 16;
  private static final double WEIGHT = 0.2;

  /** One slow step counts as so many times what is known at most (chosen). */
  private static final double SLOWEST = 4;

  private final double targetSeconds;
  private final int most;
  private double secondsPerToken;

  StepBudget(double targetSeconds, int most) {
    this.targetSeconds = targetSeconds;
    this.most = most;
  }

  void ran(int tokens, double seconds) {
    double now = seconds / tokens;
    boolean known = secondsPerToken > 0;
    if (tokens < TELLING && (!known || now >= secondsPerToken)) {
      return;
    }
    secondsPerToken =
        known
            ? secondsPerToken
                + WEIGHT * (Math.min(now, SLOWEST * secondsPerToken) - secondsPerToken)
            : now;
  }

  int tokens() {
    if (secondsPerToken <= 0) {
      return Math.min(FIRST, most);
    }
    double fit = targetSeconds / secondsPerToken;
    return (int) Math.max(Math.min(LEAST, most), Math.min(most, fit));
  }
}
