package dev.headrace.router.scaling;

import org.jspecify.annotations.Nullable;

/**
 * What a lane has to do.
 *
 * @param lane its name
 * @param deviceType of its devices
 * @param workers that are ready
 * @param laneSeconds work in its topic, in seconds of one device
 * @param waitingSeconds work that all routers keep for it
 * @param slackSeconds least time from predicted result to deadline among what waits; below zero
 *     when something will be late, null when nothing waits
 */
public record LaneDemand(
    String lane,
    String deviceType,
    int workers,
    double laneSeconds,
    double waitingSeconds,
    @Nullable Double slackSeconds) {

  /** Nothing to do; also for a lane that nobody knows. */
  public static LaneDemand none(String lane) {
    return new LaneDemand(lane, "", 0, 0, 0, null);
  }

  /** All its work in seconds of one device: the figure to scale by. */
  public double seconds() {
    return laneSeconds + waitingSeconds;
  }
}
