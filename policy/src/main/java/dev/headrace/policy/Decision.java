package dev.headrace.policy;

/** What to do with a request now. */
public sealed interface Decision {

  /**
   * Send it.
   *
   * @param lane index of the lane in the fleet
   * @param target the lane
   * @param seconds of device time that it adds there
   * @param reason why there
   */
  record Place(int lane, Lane target, double seconds, Reason reason) implements Decision {}

  /**
   * Keep it: the right lane is full, and there is time to wait for it.
   *
   * @param lane index of the lane in the fleet
   * @param seconds of device time that it will add there
   * @param slackSeconds from its predicted result to its deadline; below zero when it will be late
   */
  record Wait(int lane, double seconds, double slackSeconds) implements Decision {}

  /**
   * Nobody can run it now.
   *
   * @param bestSeconds from now to the earliest result that anybody could give; NaN if nobody could
   */
  record None(Obstacle obstacle, double bestSeconds) implements Decision {
    /** Nobody could ever. */
    public None(Obstacle obstacle) {
      this(obstacle, Double.NaN);
    }
  }
}
