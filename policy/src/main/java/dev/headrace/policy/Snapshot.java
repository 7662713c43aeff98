package dev.headrace.policy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All that a decision depends on besides the request and the time. Immutable; each decision that is
 * carried out gives the snapshot for the next.
 *
 * <p>Work ahead of a request in a lane, in seconds of device time: what was <em>sent</em> there and
 * is not done; what is <em>planned</em>, requests in this router's buffer that come before it and
 * wait for this lane's window; and what the <em>other</em> routers keep for the lane. Only what was
 * sent fills the window; all of it delays.
 *
 * <p>Of several routers each gets an equal share of a lane's room, so a router reckons that the
 * others send as much as it does itself, and that while the first p of its planned seconds are
 * done, each other gets p done too, as far as it has so much (fair sharing as in Demers et al.,
 * SIGCOMM 1989).
 */
public final class Snapshot {
  private final Fleet fleet;
  private final double[] sent;
  private final double[] planned;
  private final double[] others;
  private final double[] requests;
  private final int routers;
  private final long decisions;

  private Snapshot(
      Fleet fleet,
      double[] sent,
      double[] planned,
      double[] others,
      double[] requests,
      int routers,
      long decisions) {
    this.fleet = fleet;
    this.sent = sent;
    this.planned = planned;
    this.others = others;
    this.requests = requests;
    this.routers = routers;
    this.decisions = decisions;
  }

  /**
   * What a snapshot is made of, by lane in the fleet's order.
   *
   * @param sentSeconds work in the lane
   * @param otherSeconds work that other routers keep for the lane
   * @param requests in the lane
   * @param routers that share the lanes, this one included
   * @param decisions that were made before, for policies that take turns
   */
  @SuppressWarnings("ArrayRecordComponent") // made for one snapshot, never compared
  public record Loads(
      double[] sentSeconds, double[] otherSeconds, double[] requests, int routers, long decisions) {
    /** Loads that only one router makes. */
    static Loads of(double... sentSeconds) {
      int lanes = sentSeconds.length;
      return new Loads(sentSeconds.clone(), new double[lanes], new double[lanes], 1, 0);
    }
  }

  /**
   * A snapshot of one router, with nothing planned.
   *
   * @param sentSeconds by lane, in the fleet's order
   */
  public static Snapshot of(Fleet fleet, double... sentSeconds) {
    return of(fleet, Loads.of(sentSeconds));
  }

  /** A snapshot with nothing planned. The arrays are the snapshot's from then on. */
  public static Snapshot of(Fleet fleet, Loads loads) {
    int lanes = fleet.lanes().size();
    require("sentSeconds", loads.sentSeconds, lanes);
    require("otherSeconds", loads.otherSeconds, lanes);
    require("requests", loads.requests, lanes);
    return new Snapshot(
        fleet,
        loads.sentSeconds,
        new double[lanes],
        loads.otherSeconds,
        loads.requests,
        Math.max(1, loads.routers),
        loads.decisions);
  }

  private static void require(String name, double[] values, int lanes) {
    if (values.length != lanes) {
      throw new IllegalArgumentException(
          name + ": " + values.length + " (expected: " + lanes + ")");
    }
  }

  public Fleet fleet() {
    return fleet;
  }

  /** Seconds of work in the lane. */
  public double sentSeconds(int lane) {
    return sent[lane];
  }

  /** Seconds of work in this router's buffer that waits for the lane. */
  public double plannedSeconds(int lane) {
    return planned[lane];
  }

  /** Requests in the lane and planned for it. */
  public double requests(int lane) {
    return requests[lane];
  }

  /** How many decisions were made before this one. */
  public long decisions() {
    return decisions;
  }

  /** Whether the lane may take more. */
  public boolean hasRoom(int lane) {
    return sent[lane] < fleet.lanes().get(lane).capacitySeconds();
  }

  /** Seconds until the lane gets to a request that comes now. */
  public double waitSeconds(int lane) {
    Lane l = fleet.lanes().get(lane);
    double ahead = sent[lane] + planned[lane];
    if (routers > 1) {
      ahead += Math.min((routers - 1) * planned[lane], others[lane]);
    }
    return l.workers() > 0 ? ahead / l.workers() : ahead + l.startupSeconds();
  }

  /** After a request was sent. */
  public Snapshot withSent(int lane, double seconds) {
    return new Snapshot(
        fleet,
        plus(sent, lane, seconds * routers),
        planned,
        others,
        plus(requests, lane, 1),
        routers,
        decisions + 1);
  }

  /** After a request was left to wait. */
  public Snapshot withPlanned(int lane, double seconds) {
    return new Snapshot(
        fleet,
        sent,
        plus(planned, lane, seconds),
        others,
        plus(requests, lane, 1),
        routers,
        decisions + 1);
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
        && routers == s.routers
        && decisions == s.decisions
        && Arrays.equals(sent, s.sent)
        && Arrays.equals(planned, s.planned)
        && Arrays.equals(others, s.others)
        && Arrays.equals(requests, s.requests);
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
        + Arrays.toString(planned)
        + " others="
        + Arrays.toString(others)
        + " routers="
        + routers;
  }
}
