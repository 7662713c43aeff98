package dev.headrace.policy;

/**
 * A pool of devices of one type that takes work.
 *
 * @param name of the lane
 * @param deviceType of its devices
 * @param usdPerHour price of one of its devices
 * @param workers that are ready; >= 1
 * @param windowSeconds how much work per worker may lie in the lane's topic; when there is as much,
 *     no more is sent
 */
public record Lane(
    String name, String deviceType, double usdPerHour, int workers, double windowSeconds) {
  public Lane {
    if (workers < 1) {
      throw new IllegalArgumentException("workers: " + workers + " (expected: >= 1)");
    }
  }
}
