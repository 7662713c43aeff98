package dev.headrace.worker.heartbeat;

/** Share of the recent past in which the device was busy. */
public final class BusyMeter {
  /** Time constant (chosen: a few heartbeats). */
  private static final double WINDOW_SECONDS = 5;

  private double busySeconds;
  private double share;
  private long since;

  public BusyMeter(long nowNanos) {
    this.since = nowNanos;
  }

  /** The device worked for so long. */
  public void worked(double seconds) {
    busySeconds += seconds;
  }

  /**
   * The share, 0 to 1, smoothed exponentially over time. A batch counts when it ends; what is
   * longer than the time since the last call is carried over.
   */
  public double update(long nowNanos) {
    double elapsed = (nowNanos - since) / 1e9;
    if (elapsed > 0) {
      double recent = Math.min(1, busySeconds / elapsed);
      double weight = 1 - Math.exp(-elapsed / WINDOW_SECONDS);
      share += weight * (recent - share);
      busySeconds = Math.max(0, busySeconds - elapsed);
      since = nowNanos;
    }
    return share;
  }
}
