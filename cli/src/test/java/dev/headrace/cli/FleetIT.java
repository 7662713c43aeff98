package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.policy.Candidate;
import dev.headrace.policy.FleetBuilder;
import dev.headrace.policy.Lane;
import dev.headrace.policy.ServedModel;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two routers and three workers as processes, with a real model, and one of each killed at random:
 * nothing is lost, nothing has two outcomes. Takes over a minute, so it runs when asked for: {@code
 * -Dheadrace.chaos.seconds=300 -Dit.test=FleetIT}, with share groups by {@code
 * -Dheadrace.chaos.intake=share}.
 */
@EnabledIfSystemProperty(named = "headrace.chaos.seconds", matches = "[1-9][0-9]*")
class FleetIT {
  private static final String INTAKE = System.getProperty("headrace.chaos.intake", "group");
  private static final String MODEL = "all-minilm-l6-v2";
  private static final String CHEAP = "cpu-fp32";
  private static final String DEAR = "cpu-int8";

  /** Of one of the requests, as the router reckons with it. */
  private static final Size SIZE = new Size(1, 45);

  private static final double WINDOW_SECONDS = 2;
  private static final String TEXT =
      " of many that go through the mill, one after the other, as the water comes: the channel"
          + " brings it to the wheels, and the wheels turn as long as there is any of it left.";

  @TempDir Path temporary;
  private int numbers;

  private Request request(Duration deadline) {
    return Request.embed(MODEL, "Passage " + numbers++ + TEXT).deadline(deadline);
  }

  private List<InferenceResult> all(List<PendingResult> pending) throws Exception {
    List<InferenceResult> results = new ArrayList<>();
    for (PendingResult p : pending) {
      results.add(p.get(150, TimeUnit.SECONDS));
    }
    return results;
  }

  @Test
  void random_deaths_of_routers_and_workers_lose_nothing_and_repeat_nothing() throws Exception {
    int seconds = Integer.getInteger("headrace.chaos.seconds");
    long seed = Long.getLong("headrace.chaos.seed", 42);
    Instant begin = Instant.now();
    try (Fleet fleet = new Fleet(temporary);
        HeadraceClient client = fleet.client("chaos")) {
      fleet.router("r0");
      fleet.router("r1");
      for (int i = 0; i < 3; i++) {
        worker(fleet, i);
      }
      fleet.awaitReady(3);
      List<PendingResult> pending = new ArrayList<>();
      Map<String, Double> fullest = new HashMap<>();
      Map<String, Integer> most = new HashMap<>();
      int kills = kill(fleet, client, pending, fullest, most, seconds, new Random(seed));
      assertThat(fleet.failures()).as("ended by themselves, seed %s", seed).isEmpty();
      System.err.printf(
          "chaos: seconds=%d requests=%d kills=%d fullest lanes in seconds=%s most workers=%s%n",
          seconds, pending.size(), kills, fullest, most);
      check(fleet, pending, begin, kills, seed);
      if (seconds >= 60) { // shorter runs end before the workers' curves are known well
        assertThat(fullest).as("lanes looked at, seed %s", seed).isNotEmpty();
      }
      // For each of the most workers that a lane had (dead ones for as long as their heartbeats
      // lived) the window, and as much again for predictions that rose since; 1 s for what a dead
      // worker took.
      assertThat(fullest)
          .as("seed %s, most workers %s", seed, most)
          .allSatisfy(
              (lane, s) ->
                  assertThat(s).isLessThanOrEqualTo(2 * WINDOW_SECONDS * most.get(lane) + 1));
    }
  }

  /** Two of the cheap type, one of the dear. */
  private static void worker(Fleet fleet, int i) throws IOException {
    fleet.worker("w" + i, i < 2 ? "fp32" : "int8", i < 2 ? 0.01 : 1, "worker.intake=" + INTAKE);
  }

  /** Returns how many workers were killed. */
  private int kill(
      Fleet fleet,
      HeadraceClient client,
      List<PendingResult> pending,
      Map<String, Double> fullest,
      Map<String, Integer> most,
      int seconds,
      Random random)
      throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    long nextDeath = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
    int kills = 0;
    while (System.nanoTime() - end < 0) {
      Tier tier = Tier.values()[random.nextInt(3)];
      for (int i = random.nextInt(8) == 0 ? 40 : 4; i > 0; i--) {
        pending.add(client.submit(request(Duration.ofSeconds(90)).tier(tier)));
      }
      look(fleet, fullest, most);
      if (System.nanoTime() - nextDeath > 0) {
        int router = random.nextInt(2);
        int worker = random.nextInt(3);
        System.err.printf("%s kill: r%d w%d%n", Instant.now(), router, worker);
        fleet.kill("r" + router);
        fleet.kill("w" + worker);
        fleet.router("r" + router);
        worker(fleet, worker);
        kills++;
        nextDeath = System.nanoTime() + TimeUnit.SECONDS.toNanos(8 + random.nextInt(8));
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    return kills;
  }

  /**
   * Seconds of work in each lane: its records, by what the router makes of its workers' curves. One
   * worker's alone would not do: while it is young it may look several times slower than the lane.
   */
  private static void look(Fleet fleet, Map<String, Double> fullest, Map<String, Integer> most) {
    Map<String, Long> lag = fleet.admin().lag(List.of(CHEAP, DEAR));
    List<DeviceReport> reports = fleet.stores().deviceRegistry().list();
    dev.headrace.policy.Fleet seen =
        FleetBuilder.build(reports, Set.of(CHEAP, DEAR), List.of(), WINDOW_SECONDS);
    seen.lanes().forEach(lane -> most.merge(lane.name(), lane.workers(), Math::max));
    ServedModel model = seen.model(MODEL);
    if (model == null) {
      return;
    }
    for (Candidate candidate : model.lanes().get(Task.EMBEDDINGS)) {
      Lane lane = seen.lanes().get(candidate.lane());
      double each = candidate.marginalSeconds(SIZE);
      long records = lag.getOrDefault(lane.name(), 0L);
      double seconds = records * each;
      if (candidate.curve().samples() > 50 && seconds > fullest.getOrDefault(lane.name(), 0.0)) {
        fullest.put(lane.name(), seconds);
        System.err.printf(
            "%s fuller: lane=%s workers=%d records=%d seconds each=%.4f of its workers=%s%n",
            Instant.now(), lane.name(), lane.workers(), records, each, curves(reports, lane));
      }
    }
  }

  private static List<String> curves(List<DeviceReport> reports, Lane lane) {
    List<String> curves = new ArrayList<>();
    for (DeviceReport r : reports) {
      ModelReport m = r.models().get(MODEL);
      if (m != null && r.lane().equals(lane.name())) {
        double each = m.curve().marginalSeconds(SIZE.rows(), SIZE.tokens(), m.batchRows());
        curves.add("%s %.4f (%d)".formatted(r.state(), each, m.curve().samples()));
      }
    }
    return curves;
  }

  private void check(Fleet fleet, List<PendingResult> pending, Instant begin, int kills, long seed)
      throws Exception {
    List<InferenceResult> results = all(pending);
    assertThat(results).as("seed %s", seed).hasSameSizeAs(pending);
    long ok = results.stream().filter(r -> r.status() == Status.OK).count();
    // A request that ran alone when its worker was killed, after it had been in a batch of another
    // that was, looks like what killed both; and a worker runs but one alone at a time.
    List<InferenceResult> failed =
        results.stream().filter(r -> r.status() == Status.FAILED).toList();
    assertThat(failed)
        .as("seed %s", seed)
        .hasSizeLessThanOrEqualTo(kills)
        .allMatch(r -> r.errorCode().orElseThrow() == ErrorCode.POISON);
    assertThat(results)
        .as("results and deadlines, seed %s", seed)
        .allMatch(r -> Set.of(Status.OK, Status.EXPIRED, Status.FAILED).contains(r.status()));
    assertThat(ok).as("seed %s", seed).isGreaterThan(results.size() / 2);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> fleet.published(begin).size() >= results.size());
    Map<String, Set<String>> published = fleet.published(begin);
    assertThat(published).as("outcomes in Kafka, seed %s", seed).hasSize(results.size());
    assertThat(published.values())
        .as("one outcome each, seed %s", seed)
        .allMatch(s -> s.size() == 1);
  }
}
