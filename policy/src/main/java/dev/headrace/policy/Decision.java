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
   */
  record Wait(int lane, double seconds) implements Decision {}

  /** Nobody can run it now. */
  record None(Obstacle obstacle) implements Decision {}
}
