package dev.headrace.policy;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Terms;
import java.time.Instant;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * One request before the lanes that can run it: what every policy asks about them. Made for one
 * decision.
 *
 * <pre>
 *   finish = wait + batch seconds + hop
 *   margin = relative error of the service curve × (finish - hop)
 *   in time: finish + margin <= deadline - now
 * </pre>
 */
final class Choice {
  private final Snapshot snapshot;
  private final List<Lane> lanes;
  private final List<Candidate> candidates;
  private final Size size;
  private final Terms terms;
  private final List<String> excluded;
  private final double slack;
  private final double hop;

  private Choice(
      InferenceRequest request,
      Snapshot snapshot,
      List<Candidate> candidates,
      Instant now,
      double hop) {
    this.snapshot = snapshot;
    this.lanes = snapshot.fleet().lanes();
    this.candidates = candidates;
    this.size = request.size();
    this.terms = request.terms();
    this.excluded = request.attempts().excluded();
    this.slack = slackSeconds(request, now);
    this.hop = hop;
  }

  /** Chooses one of the candidates. */
  interface Rule {
    /** Index of a usable candidate, or below zero when there is none. */
    int pick(Choice choice);
  }

  /** The decision that follows from a rule; what is the same for all policies is here. */
  static Decision decide(
      InferenceRequest request, Snapshot snapshot, Instant now, double hop, Rule rule) {
    ServedModel model = snapshot.fleet().model(request.model());
    if (model == null) {
      return new Decision.None(Obstacle.UNKNOWN_MODEL);
    }
    List<Candidate> candidates = model.lanes().get(request.task());
    if (candidates == null || candidates.isEmpty()) {
      return new Decision.None(candidates == null ? Obstacle.UNKNOWN_TASK : Obstacle.NO_WORKER);
    }
    Choice choice = new Choice(request, snapshot, candidates, now, hop);
    int picked = rule.pick(choice);
    return picked < 0 ? choice.nobody() : choice.at(picked);
  }

  /** Instants reach further than a duration in nanoseconds does, hence the seconds. */
  static double slackSeconds(InferenceRequest request, Instant now) {
    Instant deadline = request.deadline();
    return (double) (deadline.getEpochSecond() - now.getEpochSecond())
        + (deadline.getNano() - now.getNano()) * 1e-9;
  }

  int size() {
    return candidates.size();
  }

  Snapshot snapshot() {
    return snapshot;
  }

  Lane lane(int i) {
    return lanes.get(candidates.get(i).lane());
  }

  int laneIndex(int i) {
    return candidates.get(i).lane();
  }

  /** Whether it may run the request at all. */
  boolean usable(int i) {
    return !isExcluded(i) && candidates.get(i).preciseEnough(terms);
  }

  private boolean isExcluded(int i) {
    return !excluded.isEmpty() && excluded.contains(lane(i).deviceType());
  }

  /** Device time that the request takes there. */
  double seconds(int i) {
    return candidates.get(i).marginalSeconds(size);
  }

  /** Price × device time. */
  double cost(int i) {
    return lane(i).usdPerHour() * seconds(i);
  }

  /** Seconds until the lane gets to it and has its model. */
  double wait(int i) {
    return candidates.get(i).waitSeconds(snapshot);
  }

  /** Seconds from now to its result. */
  double finish(int i) {
    return wait(i) + candidates.get(i).batchSeconds(size) + hop;
  }

  boolean inTime(int i, double finish) {
    return finish + candidates.get(i).relativeError() * (finish - hop) <= slack;
  }

  boolean inTime(int i) {
    return inTime(i, finish(i));
  }

  /**
   * The one in time of the lowest cost, ties to the earlier finish; if none is, the one that
   * finishes first, or -1.
   *
   * @param cost of each
   */
  int cheapestInTime(IntToDoubleFunction cost) {
    int cheapest = -1;
    int first = -1;
    double lowestCost = Double.POSITIVE_INFINITY;
    double finishOfCheapest = Double.POSITIVE_INFINITY;
    double firstFinish = Double.POSITIVE_INFINITY;
    for (int i = 0; i < candidates.size(); i++) {
      if (!usable(i)) {
        continue;
      }
      double finish = finish(i);
      if (first < 0 || finish < firstFinish) {
        first = i;
        firstFinish = finish;
      }
      double own = cost.applyAsDouble(i);
      boolean cheaper = own < lowestCost || (own == lowestCost && finish < finishOfCheapest);
      if (cheaper && inTime(i, finish)) {
        cheapest = i;
        lowestCost = own;
        finishOfCheapest = finish;
      }
    }
    return cheapest >= 0 ? cheapest : first;
  }

  /** The one that finishes first, or -1. */
  int first() {
    int first = -1;
    double earliest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < candidates.size(); i++) {
      if (usable(i)) {
        double finish = finish(i);
        if (first < 0 || finish < earliest) {
          first = i;
          earliest = finish;
        }
      }
    }
    return first;
  }

  private Decision nobody() {
    boolean precise = candidates.stream().anyMatch(c -> c.preciseEnough(terms));
    return new Decision.None(precise ? Obstacle.ALL_EXCLUDED : Obstacle.NOT_PRECISE_ENOUGH);
  }

  private Decision at(int i) {
    Candidate chosen = candidates.get(i);
    boolean inTime = inTime(i);
    if (!inTime && terms.admission() == AdmissionMode.REJECT) {
      double best = finish(first());
      if (best > slack) { // without margin: what may be in time is tried
        return new Decision.None(Obstacle.NONE_IN_TIME, best);
      }
    }
    double seconds = chosen.marginalSeconds(size);
    if (!snapshot.hasRoom(chosen.lane())) {
      return new Decision.Wait(chosen.lane(), seconds, slack - finish(i));
    }
    Reason reason = inTime ? reason(i) : Reason.NONE_IN_TIME;
    return new Decision.Place(chosen.lane(), lane(i), seconds, reason);
  }

  /** Why not one of the others: asked only when a request leaves. */
  private Reason reason(int chosen) {
    double cost = cost(chosen);
    @Nullable Reason reason = null;
    int usable = 0;
    for (int i = 0; i < candidates.size(); i++) {
      if (isExcluded(i)) {
        if (cost(i) < cost && inTime(i)) {
          return Reason.EXCLUDED_AFTER_FAILURE;
        }
      } else if (candidates.get(i).preciseEnough(terms)) {
        usable++;
        if (cost(i) < cost) {
          boolean other = reason == Reason.CHOSEN_BY_POLICY || inTime(i);
          reason = other ? Reason.CHOSEN_BY_POLICY : Reason.OVERFLOW;
        }
      } else if (reason == null && cost(i) < cost && inTime(i)) {
        reason = Reason.PRECISION;
      }
    }
    if (reason != null) {
      return reason;
    }
    if (usable > 1) {
      return Reason.CHEAPEST_IN_TIME;
    }
    if (candidates.size() == 1) {
      return Reason.ONLY_CHOICE;
    }
    return excluded.isEmpty() ? Reason.PRECISION : Reason.EXCLUDED_AFTER_FAILURE;
  }
}
