package dev.headrace.worker.generate.schedule;

/** How many tokens a step may have so that it takes about so long; learned from the steps. */
final class StepBudget {
  /** Steps with fewer tokens say what a step costs, not what a token costs (chosen). */
  private static final int TELLING = 32;

  /** What is tried before anything is known (chosen: a quarter of a second on a slow CPU). */
  private static final int FIRST = 64;

  private static final int LEAST = 16;
  private static final double WEIGHT = 0.2;

  private final double targetSeconds;
  private final int most;
  private double secondsPerToken;

  StepBudget(double targetSeconds, int most) {
    this.targetSeconds = targetSeconds;
    this.most = most;
  }

  void ran(int tokens, double seconds) {
    if (tokens < TELLING) {
      return;
    }
    double now = seconds / tokens;
    secondsPerToken =
        secondsPerToken == 0 ? now : secondsPerToken + WEIGHT * (now - secondsPerToken);
  }

  int tokens() {
    if (secondsPerToken <= 0) {
      return Math.min(FIRST, most);
    }
    double fit = targetSeconds / secondsPerToken;
    return (int) Math.max(Math.min(LEAST, most), Math.min(most, fit));
  }
}
