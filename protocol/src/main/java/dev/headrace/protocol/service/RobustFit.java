package dev.headrace.protocol.service;

/**
 * Fits a sum of features with non-negative coefficients to measured times as they come: least
 * squares over the recent past with exponential forgetting (Lawson and Hanson, Solving Least
 * Squares Problems, ch. 23; with a handful of coefficients all subsets are tried).
 *
 * <ul>
 *   <li>The error is relative to the predicted time, so that short times count as much as long
 *       ones.
 *   <li>Robust: a measurement far off the prediction (a pause, a busy neighbour) counts as one at a
 *       bound. With the recent error the bound widens and the past is forgotten faster, so a
 *       lasting change is followed.
 *   <li>A weak pull towards the start keeps the fit defined while all measurements have one shape;
 *       what they do not tell apart keeps the proportions of the start.
 * </ul>
 *
 * <p>Not thread-safe.
 */
final class RobustFit {
  /** What is forgotten with each one: one 100 measurements old weighs 1/3 of a new one (chosen). */
  private static final double FORGETTING = 0.01;

  /** So many times faster with a recent error of 1 (chosen; Fortescue et al., Automatica 1981). */
  private static final double FORGETTING_PER_ERROR = 9;

  /** While so few were measured the prediction is a guess and bounds nothing (chosen). */
  private static final int WARM_UP = 10;

  /** Measurements count up to {@code BOUND + BOUND_PER_ERROR × recent error} times off (chosen). */
  private static final double BOUND = 1.3;

  private static final double BOUND_PER_ERROR = 4;

  /** Weight of a new measurement in the recent error: about the last 20 (chosen). */
  private static final double ERROR_GAIN = 0.05;

  /** The start weighs as much as this part of what was measured (chosen). */
  private static final double PULL = 1e-4;

  private final int n;
  private final double[] scale;
  private final double[] start;
  private final double[][] a;
  private final double[] b;
  private final double[] coefficients;
  private double relativeError;
  private long samples;

  /**
   * Starts from a guess that the first measurements soon outweigh.
   *
   * @param start coefficients in seconds per unit of their feature
   * @param scale of each, so that coefficient over scale is a number near one
   * @param relativeError of the guess
   */
  RobustFit(double[] start, double[] scale, double relativeError) {
    this.n = start.length;
    this.scale = scale.clone();
    this.start = new double[n];
    for (int i = 0; i < n; i++) {
      this.start[i] = start[i] / scale[i];
    }
    this.a = new double[n][n];
    this.b = new double[n];
    this.coefficients = start.clone();
    this.relativeError = relativeError;
  }

  /** Takes one measured time in seconds; a time that is none says nothing. */
  void add(double[] features, double seconds) {
    if (!(seconds > 0) || Double.isInfinite(seconds)) {
      return; // a clock that stood still says nothing
    }
    double reference = seconds;
    double target = 1;
    if (samples >= WARM_UP) {
      double predicted = Math.max(predict(features), 1e-9);
      double bound = BOUND + BOUND_PER_ERROR * relativeError;
      reference = predicted;
      target = Math.min(Math.max(seconds / predicted, 1 / bound), bound);
      double error = Math.abs(predicted - seconds) / seconds;
      relativeError += ERROR_GAIN * (Math.min(error, 1) - relativeError);
    }
    accumulate(features, reference, target);
    samples++;
    solve();
  }

  private double predict(double[] features) {
    double seconds = 0;
    for (int i = 0; i < n; i++) {
      seconds += coefficients[i] * features[i];
    }
    return seconds;
  }

  private void accumulate(double[] features, double reference, double target) {
    double kept = 1 - FORGETTING * (1 + FORGETTING_PER_ERROR * relativeError);
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = scale[i] * features[i] / reference;
    }
    for (int i = 0; i < n; i++) {
      b[i] = kept * b[i] + x[i] * target;
      for (int j = 0; j < n; j++) {
        a[i][j] = kept * a[i][j] + x[i] * x[j];
      }
    }
  }

  /** The best of the solutions over each subset of the coefficients that has none below zero. */
  private void solve() {
    double[][] pulled = new double[n][];
    double[] right = b.clone();
    double multiple = multipleOfStart();
    for (int i = 0; i < n; i++) {
      double pull = PULL * a[i][i];
      pulled[i] = a[i].clone();
      pulled[i][i] += pull;
      right[i] += pull * multiple * start[i];
    }
    double[] best = new double[n];
    double least = 0; // of all coefficients zero
    for (int subset = 1; subset < 1 << n; subset++) {
      double[] w = solve(pulled, right, subset);
      double cost = cost(pulled, right, w);
      if (cost < least && noneBelowZero(w)) {
        least = cost;
        best = w;
      }
    }
    for (int i = 0; i < n; i++) {
      coefficients[i] = best[i] * scale[i];
    }
  }

  private static boolean noneBelowZero(double[] w) {
    for (double value : w) {
      if (!(value >= 0)) {
        return false;
      }
    }
    return true;
  }

  /** How many times the start explains the measurements best. */
  private double multipleOfStart() {
    double measured = 0;
    double predicted = 0;
    for (int i = 0; i < n; i++) {
      measured += start[i] * b[i];
      for (int j = 0; j < n; j++) {
        predicted += start[i] * a[i][j] * start[j];
      }
    }
    return predicted > 0 ? measured / predicted : 0;
  }

  private double cost(double[][] m, double[] right, double[] w) {
    double cost = 0;
    for (int i = 0; i < n; i++) {
      cost -= 2 * right[i] * w[i];
      for (int j = 0; j < n; j++) {
        cost += w[i] * m[i][j] * w[j];
      }
    }
    return cost;
  }

  /**
   * Solves {@code m w = right} over the coefficients of the subset by Cholesky's decomposition,
   * scaled to a diagonal of ones because the features differ by magnitudes; the others are zero.
   */
  private double[] solve(double[][] m, double[] right, int subset) {
    double[][] l = new double[n][n];
    double[] y = new double[n];
    double[] unit = new double[n];
    for (int i = 0; i < n; i++) {
      // A feature that never was anything but zero tells nothing about its coefficient.
      boolean in = (subset >> i & 1) == 1 && m[i][i] > 0;
      unit[i] = in ? 1 / Math.sqrt(m[i][i]) : 0;
      double sum = right[i] * unit[i];
      for (int j = 0; j <= i; j++) {
        double entry = i == j && !in ? 1 : m[i][j] * unit[i] * unit[j];
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
    double[] w = new double[n];
    for (int i = n - 1; i >= 0; i--) {
      double sum = y[i];
      for (int k = i + 1; k < n; k++) {
        sum -= l[k][i] * w[k];
      }
      w[i] = sum / l[i][i];
    }
    for (int i = 0; i < n; i++) {
      w[i] *= unit[i];
    }
    return w;
  }

  /** The fit so far, in seconds per unit of each feature; none is negative. */
  double coefficient(int i) {
    return coefficients[i];
  }

  double relativeError() {
    return relativeError;
  }

  long samples() {
    return samples;
  }
}
