package dev.headrace.protocol.service;

/**
 * Fits a {@link ServiceCurve} to measured batches as they come: recursive least squares with
 * exponential forgetting (Haykin, Adaptive Filter Theory, ch. 10), on the relative error so that
 * small batches count as much as large ones. Robust: a measurement far above the prediction (a
 * pause, a busy neighbour) moves the fit only as much as one at the bound. Not thread-safe.
 */
public final class ServiceCurveFitter {
  /** A sample 200 batches old weighs about 1/7 of a new one (chosen). */
  private static final double FORGETTING = 0.99;

  /** Measurements are clipped to this factor around the prediction once warmed up (chosen). */
  private static final double CLIP = 3.0;

  private static final int WARM_UP = 10;
  private static final double PRIOR_VARIANCE = 1e6;

  /** Scales of the three features, so that the filter works on numbers near one. */
  private static final double[] SCALE = {1e-3, 1e-6, 1e-9};

  private final double[] weight = new double[3];
  private final double[][] covariance = new double[3][3];
  private double relativeError;
  private long samples;

  /** Starts from a guess that the first measurements soon outweigh. */
  public ServiceCurveFitter(ServiceCurve start) {
    weight[0] = start.fixedSeconds() / SCALE[0];
    weight[1] = start.secondsPerToken() / SCALE[1];
    weight[2] = start.secondsPerTokenSquared() / SCALE[2];
    relativeError = start.relativeError();
    for (int i = 0; i < 3; i++) {
      covariance[i][i] = PRIOR_VARIANCE;
    }
  }

  /** Takes one batch's measured time in seconds. */
  public void add(int rows, int paddedLength, double seconds) {
    if (!(seconds > 0) || Double.isInfinite(seconds) || rows < 1 || paddedLength < 1) {
      return; // a clock that stood still says nothing
    }
    double predicted = Math.max(curve().batchSeconds(rows, paddedLength), 1e-9);
    double measured = seconds;
    if (samples >= WARM_UP) {
      measured = Math.min(Math.max(seconds, predicted / CLIP), predicted * CLIP);
      double error = Math.abs(predicted - seconds) / seconds;
      relativeError += 0.05 * (Math.min(error, 1.0) - relativeError);
    }
    update(features(rows, paddedLength, measured));
    samples++;
  }

  /** The features of a batch over its measured time, so that the target is 1. */
  private static double[] features(int rows, int paddedLength, double seconds) {
    double tokens = (double) rows * paddedLength;
    return new double[] {
      SCALE[0] / seconds, SCALE[1] * tokens / seconds, SCALE[2] * tokens * paddedLength / seconds
    };
  }

  private void update(double[] x) {
    double[] px = new double[3];
    double xpx = 0;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        px[i] += covariance[i][j] * x[j];
      }
      xpx += x[i] * px[i];
    }
    double gain = 1 / (FORGETTING + xpx);
    double error = 1 - (weight[0] * x[0] + weight[1] * x[1] + weight[2] * x[2]);
    for (int i = 0; i < 3; i++) {
      weight[i] += gain * px[i] * error;
      for (int j = 0; j < 3; j++) {
        double next = (covariance[i][j] - gain * px[i] * px[j]) / FORGETTING;
        // Without excitation forgetting lets the covariance grow without limit.
        covariance[i][j] = Math.max(-PRIOR_VARIANCE, Math.min(PRIOR_VARIANCE, next));
      }
    }
  }

  /** The fit so far; no coefficient is negative. */
  public ServiceCurve curve() {
    return new ServiceCurve(
        Math.max(0, weight[0]) * SCALE[0],
        Math.max(0, weight[1]) * SCALE[1],
        Math.max(0, weight[2]) * SCALE[2],
        relativeError,
        samples);
  }
}
