package dev.headrace.bench.routing;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.policy.Candidate;
import dev.headrace.policy.CheapestInTime;
import dev.headrace.policy.Decision;
import dev.headrace.policy.Fleet;
import dev.headrace.policy.Lane;
import dev.headrace.policy.RoutingPolicy;
import dev.headrace.policy.ServedModel;
import dev.headrace.policy.Snapshot;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.router.buffer.TierBuffer;
import dev.headrace.router.buffer.TierBuffer.Verdict;
import dev.headrace.router.buffer.TierShares;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Decisions a second of the buffer and the policy on one thread: a buffer of 10,000 requests of all
 * tiers is gone through in order, once and again, with lanes that fill up on the way, so that
 * requests are placed, overflow and wait. No Kafka, no Redis, no encoding.
 */
public final class RoutingBench {
  /** Requests in the buffer. */
  private static final int REQUESTS = 10_000;

  private static final long ROUND_NANOS = 1_000_000_000L;
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000);
  private static final int[] DEVICE_TYPES = {4, 16, 64};

  /** Goal of the fifth issue. */
  private static final double GOAL = 200_000;

  private final int rounds;
  private final PrintStream log;

  /**
   * A benchmark.
   *
   * @param rounds of a second for each number of device types, after one to warm up
   */
  public RoutingBench(int rounds, PrintStream log) {
    this.rounds = rounds;
    this.log = log;
  }

  /** Runs it. */
  public BenchResult run() {
    Map<String, Double> figures = new TreeMap<>();
    Map<String, Goal> goals = new TreeMap<>();
    for (int types : DEVICE_TYPES) {
      String key = "decisions_per_second_" + types;
      figures.put(key, measure(types));
      goals.put(key, new Goal(GOAL, true));
      log.printf("%d device types: %,.0f decisions/s%n", types, figures.get(key));
    }
    return new BenchResult("routing", figures, goals);
  }

  private double measure(int types) {
    Random random = new Random(types);
    Fleet fleet = fleet(types, random);
    TierBuffer<InferenceRequest> buffer = buffer(random);
    RoutingPolicy policy = new CheapestInTime(0.05);
    double[] perSecond = new double[rounds];
    for (int round = -1; round < rounds; round++) {
      long begin = System.nanoTime();
      long decisions = 0;
      long took = 0;
      while (took < ROUND_NANOS) {
        decisions += scan(buffer, policy, Snapshot.of(fleet, new double[types]));
        took = System.nanoTime() - begin;
      }
      if (round >= 0) {
        perSecond[round] = decisions * 1e9 / took;
      }
    }
    return new Samples(perSecond).median();
  }

  /** What a scan keeps. */
  private static final class Scan {
    private final RoutingPolicy policy;
    private Snapshot snapshot;
    private int decisions;

    Scan(RoutingPolicy policy, Snapshot snapshot) {
      this.policy = policy;
      this.snapshot = snapshot;
    }

    /** Leaves everything in the buffer, so that the next scan has as much to do. */
    Verdict decide(InferenceRequest request) {
      decisions++;
      Decision decision = policy.choose(request, snapshot, NOW);
      if (decision instanceof Decision.Place place) {
        snapshot = snapshot.withSent(place.lane(), place.seconds());
        return Verdict.leave(place.seconds());
      }
      if (decision instanceof Decision.Wait wait) {
        snapshot = snapshot.withPlanned(wait.lane(), wait.seconds());
        return Verdict.leave(wait.seconds());
      }
      throw new IllegalStateException("decision: " + decision + " (expected: a lane)");
    }
  }

  private static int scan(
      TierBuffer<InferenceRequest> buffer, RoutingPolicy policy, Snapshot snapshot) {
    Scan scan = new Scan(policy, snapshot);
    buffer.scan(REQUESTS, scan::decide);
    return scan.decisions;
  }

  private static Fleet fleet(int types, Random random) {
    List<Lane> lanes = new ArrayList<>();
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < types; i++) {
      String name = String.format("device-%02d", i);
      double speed = 1 + random.nextDouble() * 30;
      lanes.add(new Lane(name, name, 0.3 * Math.pow(speed, 0.7 + 0.6 * random.nextDouble()), 2, 2));
      candidates.add(
          new Candidate(i, new ServiceCurve(2e-3, 1e-4 / speed, 1e-8 / speed, 0.1, 500), 16));
    }
    ServedModel model = new ServedModel("r", Map.of(Task.EMBEDDINGS, candidates));
    return new Fleet(lanes, Map.of("m", model));
  }

  private static TierBuffer<InferenceRequest> buffer(Random random) {
    Map<Tier, Double> shares = new EnumMap<>(Tier.class);
    for (Tier tier : Tier.values()) {
      shares.put(tier, 1.0);
    }
    TierBuffer<InferenceRequest> buffer = new TierBuffer<>(new TierShares(shares));
    List<Tier> tiers = List.of(Tier.values());
    for (int i = 0; i < REQUESTS; i++) {
      Tier tier = tiers.get(i % tiers.size());
      InferenceRequest request = request("r" + i, tier, random);
      buffer.add(tier, request.tenant(), request.deadline(), request);
    }
    return buffer;
  }

  private static InferenceRequest request(String id, Tier tier, Random random) {
    long millis = (long) (tier.defaultDeadline().toMillis() * (0.2 + random.nextDouble()));
    return new InferenceRequest(
        new Address("c", id, true, null),
        "/bench",
        NOW,
        "m",
        Task.EMBEDDINGS,
        tier,
        NOW.plusMillis(millis),
        InferenceRequest.DEFAULT_TENANT,
        CacheMode.BYPASS,
        new Size(1, 20 + random.nextInt(400)),
        Attempts.FIRST,
        null,
        TraceContext.NONE,
        Payload.inline(new byte[] {'{', '}'}),
        Terms.DEFAULT);
  }
}
