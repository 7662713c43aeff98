package dev.headrace.policy;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import java.time.Instant;
import java.util.List;

/**
 * Among the lanes that can run a request and meet its deadline, the cheapest; if none does, the one
 * that finishes first (DESIGN section 4, elastic fleets).
 *
 * <pre>
 *   cost   = price × marginal service seconds
 *   finish = (sent + planned) / workers + batch seconds + hop
 *   margin = relative error of the service curve × (finish - hop)
 *   in time: finish + margin <= deadline - now
 * </pre>
 *
 * <p>The chosen lane may be full. Then the request waits: since planned work counts as work ahead,
 * a lane is only chosen while waiting for it still meets the deadline, and a request goes to a
 * dearer one exactly when waiting for the cheaper one would be too late. Ties go to the earlier
 * finish, then to the lane whose name comes first.
 */
public final class CheapestInTime implements RoutingPolicy {
  private final double hopSeconds;

  /**
   * The policy.
   *
   * @param hopSeconds time from here to the worker's queue and back, outside any model of service
   */
  public CheapestInTime(double hopSeconds) {
    this.hopSeconds = hopSeconds;
  }

  @Override
  public Decision choose(InferenceRequest request, Snapshot snapshot, Instant now) {
    ServedModel model = snapshot.fleet().model(request.model());
    if (model == null) {
      return new Decision.None(Obstacle.UNKNOWN_MODEL);
    }
    List<Candidate> candidates = candidates(model, request.task());
    if (candidates.isEmpty()) {
      boolean served = model.lanes().containsKey(request.task());
      return new Decision.None(served ? Obstacle.NO_WORKER : Obstacle.UNKNOWN_TASK);
    }
    return new Comparison(request, snapshot, candidates, slackSeconds(request, now)).decide();
  }

  private static List<Candidate> candidates(ServedModel model, Task task) {
    List<Candidate> candidates = model.lanes().get(task);
    return candidates == null ? List.of() : candidates;
  }

  /** Instants reach further than a duration in nanoseconds does, hence the seconds. */
  private static double slackSeconds(InferenceRequest request, Instant now) {
    Instant deadline = request.deadline();
    return (double) (deadline.getEpochSecond() - now.getEpochSecond())
        + (deadline.getNano() - now.getNano()) * 1e-9;
  }

  /** The candidates for one request, compared. */
  private final class Comparison {
    private final Size size;
    private final List<String> excluded;
    private final Snapshot snapshot;
    private final List<Candidate> candidates;
    private final double slack;

    Comparison(
        InferenceRequest request, Snapshot snapshot, List<Candidate> candidates, double slack) {
      this.size = request.size();
      this.excluded = request.attempts().excluded();
      this.snapshot = snapshot;
      this.candidates = candidates;
      this.slack = slack;
    }

    Decision decide() {
      int cheapest = -1;
      int first = -1;
      double lowestCost = Double.POSITIVE_INFINITY;
      double finishOfCheapest = Double.POSITIVE_INFINITY;
      double firstFinish = Double.POSITIVE_INFINITY;
      for (int i = 0; i < candidates.size(); i++) {
        Candidate c = candidates.get(i);
        if (isExcluded(c)) {
          continue;
        }
        double finish = finishSeconds(c);
        if (first < 0 || finish < firstFinish) {
          first = i;
          firstFinish = finish;
        }
        double cost = cost(c);
        boolean cheaper = cost < lowestCost || (cost == lowestCost && finish < finishOfCheapest);
        if (cheaper && inTime(c, finish)) {
          cheapest = i;
          lowestCost = cost;
          finishOfCheapest = finish;
        }
      }
      if (first < 0) {
        return new Decision.None(Obstacle.ALL_EXCLUDED);
      }
      return cheapest >= 0 ? at(candidates.get(cheapest), true) : at(candidates.get(first), false);
    }

    private Decision at(Candidate chosen, boolean inTime) {
      double seconds = chosen.marginalSeconds(size);
      if (!snapshot.hasRoom(chosen.lane())) {
        return new Decision.Wait(chosen.lane(), seconds);
      }
      Reason reason = inTime ? reason(chosen) : Reason.NONE_IN_TIME;
      return new Decision.Place(chosen.lane(), lane(chosen), seconds, reason);
    }

    /** Why not one of the others: asked only when a request leaves. */
    private Reason reason(Candidate chosen) {
      double cost = cost(chosen);
      boolean cheaperIsLate = false;
      int usable = 0;
      for (Candidate other : candidates) {
        if (!isExcluded(other)) {
          usable++;
          cheaperIsLate |= cost(other) < cost;
        } else if (cost(other) < cost && inTime(other, finishSeconds(other))) {
          return Reason.EXCLUDED_AFTER_FAILURE;
        }
      }
      if (cheaperIsLate) {
        return Reason.OVERFLOW;
      }
      if (usable > 1) {
        return Reason.CHEAPEST_IN_TIME;
      }
      return candidates.size() > 1 ? Reason.EXCLUDED_AFTER_FAILURE : Reason.ONLY_CHOICE;
    }

    private Lane lane(Candidate c) {
      return snapshot.fleet().lanes().get(c.lane());
    }

    private boolean isExcluded(Candidate c) {
      return !excluded.isEmpty() && excluded.contains(lane(c).deviceType());
    }

    private double cost(Candidate c) {
      return lane(c).usdPerHour() * c.marginalSeconds(size);
    }

    private double finishSeconds(Candidate c) {
      return snapshot.waitSeconds(c.lane()) + c.batchSeconds(size) + hopSeconds;
    }

    private boolean inTime(Candidate c, double finish) {
      double margin = c.relativeError() * (finish - hopSeconds);
      return finish + margin <= slack;
    }
  }
}
