package dev.headrace.worker.generate.schedule;

/**
 * What a step ran.
 *
 * @param promptTokens in pieces of more than one token
 * @param sequences that got a token
 * @param contextTokens of these, prompt and text
 * @param seconds of the device and of choosing the tokens; 0 when nothing ran
 */
public record StepFigures(long promptTokens, int sequences, long contextTokens, double seconds) {
  static final StepFigures NONE = new StepFigures(0, 0, 0, 0);
}
