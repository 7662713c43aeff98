package dev.headrace.protocol.service;

/**
 * Service time of one batch of a one-shot model on one device: {@code fixed + perToken × rows ×
 * length + perTokenSquared × rows × length²}, where length is the padded length of the rows in
 * tokens. The square is attention's.
 *
 * @param fixedSeconds per batch
 * @param secondsPerToken per padded token
 * @param secondsPerTokenSquared per row and squared padded length
 * @param relativeError mean absolute error of recent predictions over the measured time, 0 if none
 * @param samples batches it was fitted on; 0 means a guess
 */
public record ServiceCurve(
    double fixedSeconds,
    double secondsPerToken,
    double secondsPerTokenSquared,
    double relativeError,
    long samples) {
  public ServiceCurve {
    requireFinite("fixedSeconds", fixedSeconds);
    requireFinite("secondsPerToken", secondsPerToken);
    requireFinite("secondsPerTokenSquared", secondsPerTokenSquared);
    requireFinite("relativeError", relativeError);
    if (samples < 0) {
      throw new IllegalArgumentException("samples: " + samples + " (expected: >= 0)");
    }
  }

  private static void requireFinite(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: finite, >= 0)");
    }
  }

  /** Seconds for a batch of rows padded to this many tokens each. */
  public double batchSeconds(int rows, int paddedLength) {
    double tokens = (double) rows * paddedLength;
    return fixedSeconds + secondsPerToken * tokens + secondsPerTokenSquared * tokens * paddedLength;
  }

  /**
   * Seconds of device time that a request adds to a busy device: its own rows, and of the fixed
   * part the share that remains when the batch has {@code batchRows} rows.
   *
   * @param rows of the request
   * @param tokens of all its rows together
   * @param batchRows rows of a usual batch, >= 1
   */
  public double marginalSeconds(int rows, double tokens, double batchRows) {
    double length = tokens / rows;
    return fixedSeconds * rows / Math.max(rows, batchRows)
        + secondsPerToken * tokens
        + secondsPerTokenSquared * tokens * length;
  }

  /**
   * The part of a predicted time that is to be kept as margin: by how much predictions were off
   * lately. A curve without a measurement is a guess that may be off by its own size.
   */
  public double marginShare() {
    return samples == 0 ? Math.max(1, relativeError) : relativeError;
  }
}
