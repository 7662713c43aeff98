package dev.headrace.policy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All that a decision depends on besides the request and the time. Immutable; each decision that is
 * carried out gives the snapshot for the next.
 *
 * <p>Two kinds of work are ahead of a request in a lane, both in seconds of device time: what was
 * <em>sent</em> there and is not done, and what is <em>planned</em>: requests in the buffer that
 * come before it and wait for this lane's window. Only what was sent fills the window; both delay.
 */
public final class Snapshot {
  private final Fleet fleet;
  private final double[] sent;
  private final double[] planned;

  private Snapshot(Fleet fleet, double[] sent, double[] planned) {
    this.fleet = fleet;
    this.sent = sent;
    this.planned = planned;
  }

  /**
   * A snapshot with nothing planned.
   *
   * @param sentSeconds by lane, in the fleet's order
   */
  public static Snapshot of(Fleet fleet, double... sentSeconds) {
    if (sentSeconds.length != fleet.lanes().size()) {
      throw new IllegalArgumentException(
          "sentSeconds: " + sentSeconds.length + " (expected: " + fleet.lanes().size() + ")");
    }
    return new Snapshot(fleet, sentSeconds.clone(), new double[sentSeconds.length]);
  }

  public Fleet fleet() {
    return fleet;
  }

  /** Seconds of work in the lane. */
  public double sentSeconds(int lane) {
    return sent[lane];
  }

  /** Seconds of work in the buffer that waits for the lane. */
  public double plannedSeconds(int lane) {
    return planned[lane];
  }

  /** Whether the lane may take more. */
  public boolean hasRoom(int lane) {
    Lane l = fleet.lanes().get(lane);
    return sent[lane] < l.windowSeconds() * l.workers();
  }

  /** Seconds until the lane gets to a request that comes now. */
  public double waitSeconds(int lane) {
    return (sent[lane] + planned[lane]) / fleet.lanes().get(lane).workers();
  }

  /** After a request was sent. */
  public Snapshot withSent(int lane, double seconds) {
    return new Snapshot(fleet, plus(sent, lane, seconds), planned);
  }

  /** After a request was left to wait. */
  public Snapshot withPlanned(int lane, double seconds) {
    return new Snapshot(fleet, sent, plus(planned, lane, seconds));
  }

  private static double[] plus(double[] values, int index, double seconds) {
    double[] next = values.clone();
    next[index] += seconds;
    return next;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Snapshot s
        && fleet.equals(s.fleet)
        && Arrays.equals(sent, s.sent)
        && Arrays.equals(planned, s.planned);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sent) * 31 + Arrays.hashCode(planned);
  }

  @Override
  public String toString() {
    return fleet.lanes()
        + " sent="
        + Arrays.toString(sent)
        + " planned="
        + Arrays.toString(planned);
  }
}
