package dev.headrace.protocol.service;

/**
 * Fits a {@link ServiceCurve} to measured batches as they come; {@link RobustFit} says how. Not
 * thread-safe.
 */
public final class ServiceCurveFitter {
  /** Milliseconds, microseconds, nanoseconds. */
  private static final double[] SCALE = {1e-3, 1e-6, 1e-9};

  private final RobustFit fit;
  private ServiceCurve curve;

  /** Starts from a guess that the first measurements soon outweigh. */
  public ServiceCurveFitter(ServiceCurve guess) {
    double[] start = {
      guess.fixedSeconds(), guess.secondsPerToken(), guess.secondsPerTokenSquared()
    };
    fit = new RobustFit(start, SCALE, guess.relativeError());
    curve = new ServiceCurve(start[0], start[1], start[2], guess.relativeError(), 0);
  }

  /** Takes one batch's measured time in seconds. */
  public void add(int rows, int paddedLength, double seconds) {
    if (rows < 1 || paddedLength < 1) {
      return;
    }
    double tokens = (double) rows * paddedLength;
    fit.add(new double[] {1, tokens, tokens * paddedLength}, seconds);
    if (fit.samples() > 0) {
      curve =
          new ServiceCurve(
              fit.coefficient(0),
              fit.coefficient(1),
              fit.coefficient(2),
              fit.relativeError(),
              fit.samples());
    }
  }

  /** The fit so far; no coefficient is negative. */
  public ServiceCurve curve() {
    return curve;
  }
}
