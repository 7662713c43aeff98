package dev.headrace.worker.batch;

import java.util.Arrays;

/**
 * The rows of one request that wait for a batch.
 *
 * @param owner the request's number
 * @param model name of the model
 * @param lengths tokens of each row, by row index
 * @param urgency see {@link Urgency}
 * @param deadlineNanos when the result is of no more use
 * @param alone whether it must be the only request on the device
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record Waiting(
    long owner, String model, int[] lengths, long urgency, long deadlineNanos, boolean alone) {
  public Waiting {
    boolean positive = lengths.length > 0;
    for (int length : lengths) {
      positive &= length > 0;
    }
    if (!positive) {
      throw new IllegalArgumentException(
          "lengths: " + Arrays.toString(lengths) + " (expected: at least one, each >= 1)");
    }
  }
}
