package dev.headrace.worker.device;

import java.util.List;

/**
 * One measured step of a model that generates texts side by side.
 *
 * @param model name of the model
 * @param promptTokens read in it
 * @param sequences that got a token
 * @param contextTokens in the caches of those sequences together
 * @param seconds of the device
 * @param ended texts that ended in it, by themselves or at their limit
 */
public record StepSample(
    String model,
    long promptTokens,
    int sequences,
    long contextTokens,
    double seconds,
    List<Ended> ended) {
  /** How long a text might have become, and how long it is, in generated tokens. */
  public record Ended(long allowedTokens, long generatedTokens) {}

  public StepSample {
    ended = List.copyOf(ended);
  }
}
