package dev.headrace.worker.generate.schedule;

import java.time.Duration;

/**
 * How much runs side by side.
 *
 * @param texts that run at once, at most
 * @param stepTokens of a step, at most; those of texts that decode always run
 * @param step how long a step may take: prompts are cut into pieces so that others need not wait
 *     longer for their next token
 * @param prefixCache whether keys and values are kept for prompts that begin alike
 */
public record SchedulerLimits(int texts, int stepTokens, Duration step, boolean prefixCache) {
  public SchedulerLimits {
    if (texts < 1 || stepTokens < 1 || step.isNegative() || step.isZero()) {
      throw new IllegalArgumentException(
          "texts " + texts + ", stepTokens " + stepTokens + ", step " + step + " (expected: > 0)");
    }
  }
}
