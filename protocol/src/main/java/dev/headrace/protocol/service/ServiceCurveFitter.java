package dev.headrace.protocol.service;

/**
 * Fits a {@link ServiceCurve} to measured batches as they come: least squares over the recent past
 * with exponential forgetting and no negative coefficient (Lawson and Hanson, Solving Least Squares
 * Problems, ch. 23; with three coefficients all subsets are tried).
 *
 * <ul>
 *   <li>The error is relative to the predicted time, so that small batches count as much as large
 *       ones.
 *   <li>Robust: a measurement far off the prediction (a pause, a busy neighbour) counts as one at a
 *       bound. With the recent error the bound widens and the past is forgotten faster, so a
 *       lasting change is followed.
 *   <li>A weak pull towards the start keeps the fit defined while all batches have one shape; what
 *       they do not tell apart keeps the proportions of the start.
 * </ul>
 *
 * <p>Not thread-safe.
 */
public final class ServiceCurveFitter {
  private static final int N = 3;

  /** What is forgotten with each batch: one 100 batches old weighs 1/3 of a new one (chosen). */
  private static final double FORGETTING = 0.01;

  /** So many times faster with a recent error of 1 (chosen; Fortescue et al., Automatica 1981). */
  private static final double FORGETTING_PER_ERROR = 9;

  /** While so few batches were measured the prediction is a guess and bounds nothing (chosen). */
  private static final int WARM_UP = 10;

  /** Measurements count up to {@code BOUND + BOUND_PER_ERROR × recent error} times off (chosen). */
  private static final double BOUND = 1.3;

  private static final double BOUND_PER_ERROR = 4;

  /** Weight of a new batch in the recent error: about the last 20 batches (chosen). */
  private static final double ERROR_GAIN = 0.05;

  /** The start weighs as much as this part of what was measured (chosen). */
  private static final double PULL = 1e-4;

  /** Scales of the features, so that the coefficients are numbers near one: ms, µs, ns. */
  private static final double[] SCALE = {1e-3, 1e-6, 1e-9};

  private final double[] start = new double[N];
  private final double[][] a = new double[N][N];
  private final double[] b = new double[N];
  private double relativeError;
  private long samples;
  private ServiceCurve curve;

  /** Starts from a guess that the first measurements soon outweigh. */
  public ServiceCurveFitter(ServiceCurve guess) {
    start[0] = guess.fixedSeconds() / SCALE[0];
    start[1] = guess.secondsPerToken() / SCALE[1];
    start[2] = guess.secondsPerTokenSquared() / SCALE[2];
    relativeError = guess.relativeError();
    curve =
        new ServiceCurve(
            guess.fixedSeconds(),
            guess.secondsPerToken(),
            guess.secondsPerTokenSquared(),
            guess.relativeError(),
            0);
  }

  /** Takes one batch's measured time in seconds. */
  public void add(int rows, int paddedLength, double seconds) {
    if (!(seconds > 0) || Double.isInfinite(seconds) || rows < 1 || paddedLength < 1) {
      return; // a clock that stood still says nothing
    }
    double reference = seconds;
    double target = 1;
    if (samples >= WARM_UP) {
      double predicted = Math.max(curve.batchSeconds(rows, paddedLength), 1e-9);
      double bound = BOUND + BOUND_PER_ERROR * relativeError;
      reference = predicted;
      target = Math.min(Math.max(seconds / predicted, 1 / bound), bound);
      double error = Math.abs(predicted - seconds) / seconds;
      relativeError += ERROR_GAIN * (Math.min(error, 1) - relativeError);
    }
    accumulate(features(rows, paddedLength, reference), target);
    samples++;
    curve = solve();
  }

  /** What each coefficient contributes to the time, over a reference time. */
  private static double[] features(int rows, int paddedLength, double reference) {
    double tokens = (double) rows * paddedLength;
    return new double[] {
      SCALE[0] / reference,
      SCALE[1] * tokens / reference,
      SCALE[2] * tokens * paddedLength / reference
    };
  }

  private void accumulate(double[] x, double target) {
    double kept = 1 - FORGETTING * (1 + FORGETTING_PER_ERROR * relativeError);
    for (int i = 0; i < N; i++) {
      b[i] = kept * b[i] + x[i] * target;
      for (int j = 0; j < N; j++) {
        a[i][j] = kept * a[i][j] + x[i] * x[j];
      }
    }
  }

  /** The best of the solutions over each subset of the coefficients that has none below zero. */
  private ServiceCurve solve() {
    double[][] pulled = new double[N][];
    double[] right = b.clone();
    double multiple = multipleOfStart();
    for (int i = 0; i < N; i++) {
      double pull = PULL * a[i][i];
      pulled[i] = a[i].clone();
      pulled[i][i] += pull;
      right[i] += pull * multiple * start[i];
    }
    double[] best = new double[N];
    double least = 0; // of all coefficients zero
    for (int subset = 1; subset < 1 << N; subset++) {
      double[] w = solve(pulled, right, subset);
      double cost = cost(pulled, right, w);
      if (w[0] >= 0 && w[1] >= 0 && w[2] >= 0 && cost < least) {
        least = cost;
        best = w;
      }
    }
    return new ServiceCurve(
        best[0] * SCALE[0], best[1] * SCALE[1], best[2] * SCALE[2], relativeError, samples);
  }

  /** How many times the start explains the measurements best. */
  private double multipleOfStart() {
    double measured = 0;
    double predicted = 0;
    for (int i = 0; i < N; i++) {
      measured += start[i] * b[i];
      for (int j = 0; j < N; j++) {
        predicted += start[i] * a[i][j] * start[j];
      }
    }
    return predicted > 0 ? measured / predicted : 0;
  }

  private static double cost(double[][] m, double[] right, double[] w) {
    double cost = 0;
    for (int i = 0; i < N; i++) {
      cost -= 2 * right[i] * w[i];
      for (int j = 0; j < N; j++) {
        cost += w[i] * m[i][j] * w[j];
      }
    }
    return cost;
  }

  /**
   * Solves {@code m w = right} over the coefficients of the subset by Cholesky's decomposition,
   * scaled to a diagonal of ones because the features differ by magnitudes; the others are zero.
   */
  private static double[] solve(double[][] m, double[] right, int subset) {
    double[][] l = new double[N][N];
    double[] y = new double[N];
    double[] scale = new double[N];
    for (int i = 0; i < N; i++) {
      boolean in = (subset >> i & 1) == 1;
      scale[i] = in ? 1 / Math.sqrt(m[i][i]) : 0;
      double sum = right[i] * scale[i];
      for (int j = 0; j <= i; j++) {
        double entry = i == j && !in ? 1 : m[i][j] * scale[i] * scale[j];
        for (int k = 0; k < j; k++) {
          entry -= l[i][k] * l[j][k];
        }
        l[i][j] = i == j ? Math.sqrt(Math.max(entry, 1e-12)) : entry / l[j][j];
      }
      for (int k = 0; k < i; k++) {
        sum -= l[i][k] * y[k];
      }
      y[i] = sum / l[i][i];
    }
    double[] w = new double[N];
    for (int i = N - 1; i >= 0; i--) {
      double sum = y[i];
      for (int k = i + 1; k < N; k++) {
        sum -= l[k][i] * w[k];
      }
      w[i] = sum / l[i][i];
    }
    for (int i = 0; i < N; i++) {
      w[i] *= scale[i];
    }
    return w;
  }

  /** The fit so far; no coefficient is negative. */
  public ServiceCurve curve() {
    return curve;
  }
}
