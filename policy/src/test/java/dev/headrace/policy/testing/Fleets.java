package dev.headrace.policy.testing;

import dev.headrace.policy.Candidate;
import dev.headrace.policy.Fleet;
import dev.headrace.policy.Lane;
import dev.headrace.policy.ServedModel;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.ServiceCurve;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Fleets for tests: each lane serves model m for embeddings with a constant time per token. */
public final class Fleets {
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Candidate> candidates = new ArrayList<>();

  /** A measured curve: seconds per request of one row of 100 tokens, and how wrong it is. */
  public static ServiceCurve curve(double secondsPerRequest, double relativeError) {
    return new ServiceCurve(0, secondsPerRequest / 100, 0, relativeError, 100);
  }

  /** A lane with a window of two seconds. */
  public Fleets lane(String name, double usdPerHour, int workers, double secondsPerRequest) {
    return lane(new Lane(name, name, usdPerHour, workers, 2), curve(secondsPerRequest, 0));
  }

  public Fleets lane(Lane lane, ServiceCurve curve) {
    candidates.add(new Candidate(lanes.size(), curve, 1));
    lanes.add(lane);
    return this;
  }

  public Fleet build() {
    return new Fleet(
        lanes, Map.of("m", new ServedModel("r1", Map.of(Task.EMBEDDINGS, candidates))));
  }
}
