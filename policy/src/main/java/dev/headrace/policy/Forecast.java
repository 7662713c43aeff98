package dev.headrace.policy;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Terms;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a request would go now, and what it would come to.
 *
 * @param lane that would be chosen
 * @param waitSeconds until the lane gets to it, with the start-up of a lane without workers
 * @param finishSeconds until its result
 * @param usd for the device time that it takes
 * @param inTime whether its deadline would be met, with the margin for what is not known exactly
 */
public record Forecast(
    Lane lane, double waitSeconds, double finishSeconds, double usd, boolean inTime) {
  private static final double SECONDS_PER_HOUR = 3600;

  /**
   * Asks the policy. Of a request that is to be refused when nobody is in time, too, this says
   * where it would be done first.
   *
   * @return empty when nobody can run it
   */
  public static Optional<Forecast> of(
      RoutingPolicy policy,
      InferenceRequest request,
      Snapshot snapshot,
      Instant now,
      double hopSeconds) {
    Terms tried = new Terms(AdmissionMode.BEST_EFFORT, request.terms().minPrecision());
    Decision decision = policy.choose(request.withTerms(tried), snapshot, now);
    int lane;
    if (decision instanceof Decision.Place place) {
      lane = place.lane();
    } else if (decision instanceof Decision.Wait wait) {
      lane = wait.lane();
    } else {
      return Optional.empty();
    }
    return candidate(request, snapshot, lane).map(c -> of(c, request, snapshot, now, hopSeconds));
  }

  private static Optional<Candidate> candidate(
      InferenceRequest request, Snapshot snapshot, int lane) {
    ServedModel model = Objects.requireNonNull(snapshot.fleet().model(request.model()));
    List<Candidate> candidates = model.lanes().getOrDefault(request.task(), List.of());
    return candidates.stream().filter(c -> c.lane() == lane).findFirst();
  }

  private static Forecast of(
      Candidate c, InferenceRequest request, Snapshot snapshot, Instant now, double hopSeconds) {
    Lane lane = snapshot.fleet().lanes().get(c.lane());
    double wait = c.waitSeconds(snapshot);
    double finish = wait + c.batchSeconds(request.size()) + hopSeconds;
    double late = finish + c.relativeError() * (finish - hopSeconds);
    double slack = Choice.slackSeconds(request, now);
    double usd = lane.usdPerHour() * c.marginalSeconds(request.size()) / SECONDS_PER_HOUR;
    return new Forecast(lane, wait, finish, usd, late <= slack);
  }
}
