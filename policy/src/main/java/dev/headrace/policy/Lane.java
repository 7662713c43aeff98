package dev.headrace.policy;

/**
 * A pool of devices of one type.
 *
 * @param name of the lane
 * @param deviceType of its devices
 * @param usdPerHour price of one of its devices
 * @param workers that are ready; with none the lane takes nothing yet, but may be waited for
 * @param windowSeconds how much work per worker may lie in the lane's topic; when there is as much,
 *     no more is sent
 * @param startupSeconds until a lane without workers has one
 */
public record Lane(
    String name,
    String deviceType,
    double usdPerHour,
    int workers,
    double windowSeconds,
    double startupSeconds) {
  public Lane {
    if (workers < 0) {
      throw new IllegalArgumentException("workers: " + workers + " (expected: >= 0)");
    }
    if (!(startupSeconds >= 0)) {
      throw new IllegalArgumentException("startupSeconds: " + startupSeconds + " (expected: >= 0)");
    }
  }

  /** A lane whose workers are there. */
  public Lane(
      String name, String deviceType, double usdPerHour, int workers, double windowSeconds) {
    this(name, deviceType, usdPerHour, workers, windowSeconds, 0);
  }

  /** Seconds of work that may lie in the lane. */
  public double capacitySeconds() {
    return windowSeconds * workers;
  }
}
