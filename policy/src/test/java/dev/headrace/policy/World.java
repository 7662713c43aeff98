package dev.headrace.policy;

import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Any fleet with its load, and any request: what the properties of a policy are about. */
record World(List<Member> members, InferenceRequest request) {

  /** A lane with its load. */
  record Member(
      double usdPerHour,
      int workers,
      double windowSeconds,
      ServiceCurve curve,
      double batchRows,
      double sentSeconds,
      double plannedSeconds,
      Traits traits) {}

  /** Whether it may run the request at all, and how long until it has the weights, or a worker. */
  record Traits(
      boolean excluded, NumericPrecision precision, double loadSeconds, double startupSeconds) {}

  static Arbitrary<World> any() {
    return Combinators.combine(
            Combinators.combine(
                    member().list().ofMinSize(1).ofMaxSize(6), Arbitraries.of(false, true))
                .as(World::twins),
            Arbitraries.integers().between(1, 40),
            Arbitraries.integers().between(1, 500),
            Arbitraries.integers().between(0, 20_000),
            Arbitraries.of(Optional.<NumericPrecision>empty(), Optional.of(NumericPrecision.FP16)))
        .as(World::of);
  }

  /** With lanes that are alike in all, so that nothing but the order of their names is left. */
  private static List<Member> twins(List<Member> members, boolean twice) {
    List<Member> all = new ArrayList<>(members);
    if (twice) {
      all.addAll(members);
    }
    return all;
  }

  private static World of(
      List<Member> members,
      int rows,
      int length,
      int deadlineMs,
      Optional<NumericPrecision> minPrecision) {
    List<String> excluded = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).traits().excluded()) {
        excluded.add("d" + i);
      }
    }
    InferenceRequest request =
        RequestBuilder.request("r")
            .size(rows, (long) rows * length)
            .within(Duration.ofMillis(deadlineMs))
            .excluding(excluded.toArray(String[]::new))
            .build();
    Terms terms = new Terms(AdmissionMode.BEST_EFFORT, minPrecision.orElse(null));
    return new World(members, request.withTerms(terms));
  }

  private static Arbitrary<Member> member() {
    Arbitrary<ServiceCurve> curve =
        Combinators.combine(
                Arbitraries.of(0.0, 0.001, 0.05),
                Arbitraries.of(1e-6, 1e-4, 1e-3),
                Arbitraries.of(0.0, 1e-7),
                Arbitraries.of(0.0, 0.1, 0.5),
                Arbitraries.of(0L, 5L, 500L))
            .as(ServiceCurve::new);
    return Combinators.combine(
            Arbitraries.of(0.0, 0.1, 0.5, 1.0, 10.0),
            Arbitraries.integers().between(0, 4),
            Arbitraries.of(0.1, 2.0),
            curve,
            Arbitraries.of(1.0, 16.0),
            Arbitraries.doubles().between(0, 10),
            Arbitraries.doubles().between(0, 10),
            traits())
        .as(Member::new);
  }

  private static Arbitrary<Traits> traits() {
    return Combinators.combine(
            Arbitraries.of(true, false, false, false),
            Arbitraries.of(NumericPrecision.INT8, NumericPrecision.FP16, NumericPrecision.FP32),
            Arbitraries.of(0.0, 0.0, 3.0),
            Arbitraries.of(1.0, 15.0))
        .as(Traits::new);
  }

  Snapshot snapshot() {
    List<Lane> lanes = new ArrayList<>();
    List<Candidate> candidates = new ArrayList<>();
    double[] sent = new double[members.size()];
    for (int i = 0; i < sent.length; i++) {
      Member m = members.get(i);
      Traits t = m.traits;
      lanes.add(
          new Lane("l" + i, "d" + i, m.usdPerHour, m.workers, m.windowSeconds, t.startupSeconds));
      candidates.add(
          new Candidate(
              i, m.curve, m.batchRows, t.precision, null, t.loadSeconds, SideBySide.NONE));
      sent[i] = m.sentSeconds;
    }
    Fleet fleet =
        new Fleet(lanes, Map.of("m", new ServedModel("r", Map.of(Task.EMBEDDINGS, candidates))));
    Snapshot snapshot = Snapshot.of(fleet, sent);
    for (int i = 0; i < sent.length; i++) {
      snapshot = snapshot.withPlanned(i, members.get(i).plannedSeconds);
    }
    return snapshot;
  }

  /** The rule once more, in other words: what the request costs there. */
  double cost(int i) {
    Member m = members.get(i);
    int rows = request.size().rows();
    return m.usdPerHour * m.curve.marginalSeconds(rows, request.size().tokens(), m.batchRows);
  }

  /** Whether it meets the deadline there with this much to spare (rounding is not the point). */
  boolean inTime(int i, double spareSeconds) {
    Member m = members.get(i);
    int rows = request.size().rows();
    double work = m.sentSeconds + m.plannedSeconds;
    double ahead = m.workers == 0 ? work + m.traits.startupSeconds : work / m.workers;
    ahead = Math.max(ahead, m.traits.loadSeconds);
    double own = m.curve.batchSeconds(rows, (int) (request.size().tokens() / rows));
    double error = m.curve.samples() == 0 ? 1 : m.curve.relativeError();
    double slack = Duration.between(RequestBuilder.START, request.deadline()).toMillis() / 1000.0;
    return (ahead + own) * (1 + error) + spareSeconds <= slack;
  }

  boolean usable(int i) {
    Member m = members.get(i);
    NumericPrecision least = request.terms().minPrecision();
    boolean precise = least == null || m.traits.precision != NumericPrecision.INT8;
    return !m.traits.excluded && precise;
  }
}
