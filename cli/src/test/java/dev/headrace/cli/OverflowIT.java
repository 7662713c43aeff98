package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A router, a cheap and a dear worker as processes, with a real model in two precisions: the cheap
 * one gets all that it can do in time, the dear one what would be late there, and when the dear one
 * dies its work comes back. How fast they are nobody asserts: how much work is too much follows
 * from the speed that the cheap worker reports.
 */
class OverflowIT {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final String CHEAP = "cpu-fp32";
  private static final String DEAR = "cpu-int8";
  private static final String TEXT =
      " of many that go through the mill, one after the other, as the water comes: the channel"
          + " brings it to the wheels, and the wheels turn as long as there is any of it left.";

  /** Reasons to be at the dear type: the cheap one would have been late, or both are. */
  private static final Set<String> TOO_MUCH = Set.of("overflow", "none_in_time");

  @TempDir Path temporary;
  private int numbers;
  private double dearSeconds = 0.01;

  @Test
  void dear_type_takes_the_overflow_and_its_work_returns_when_it_dies() throws Exception {
    try (Fleet fleet = new Fleet(temporary);
        HeadraceClient client = fleet.client("overflow");
        HeadraceClient other = fleet.client("other")) {
      fleet.router("r0");
      fleet.worker("cheap", "fp32", 0.01);
      fleet.worker("dear", "int8", 1);
      fleet.awaitReady(2);
      awaitBothSeen(client);
      lowLoad(client);
      highLoad(fleet, client);
      death(fleet, client, other);
      assertThat(fleet.failures()).as("ended by themselves").isEmpty();
    }
  }

  private Request request(Duration deadline) {
    return Request.embed(MODEL, "Passage " + numbers++ + TEXT)
        .deadline(deadline)
        .tier(Tier.STANDARD);
  }

  private List<PendingResult> submit(HeadraceClient client, int count, Duration deadline) {
    List<PendingResult> pending = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pending.add(client.submit(request(deadline)));
    }
    return pending;
  }

  private static List<InferenceResult> all(List<PendingResult> pending) throws Exception {
    List<InferenceResult> results = new ArrayList<>();
    for (PendingResult p : pending) {
      results.add(p.get(150, TimeUnit.SECONDS));
    }
    return results;
  }

  private static List<InferenceResult> at(String deviceType, List<InferenceResult> results) {
    return results.stream()
        .filter(r -> r.isOk() && r.deviceType().orElse("").equals(deviceType))
        .toList();
  }

  /** The router may see one worker before the other; then it is the only choice. */
  private void awaitBothSeen(HeadraceClient client) {
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              InferenceResult r =
                  client.submit(request(Duration.ofSeconds(60))).get(90, TimeUnit.SECONDS);
              return r.deviceType().orElse("").equals(CHEAP)
                  && r.reason().orElse("").equals("cheapest_in_time");
            });
  }

  private void lowLoad(HeadraceClient client) throws Exception {
    List<InferenceResult> results = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      results.addAll(all(submit(client, 5, Duration.ofMinutes(2))));
    }
    assertThat(results).allMatch(InferenceResult::isOk);
    assertThat(results).allMatch(r -> r.deviceType().orElse("").equals(CHEAP));
    assertThat(results).allMatch(r -> r.reason().orElse("").equals("cheapest_in_time"));
  }

  /** Three times what the cheap worker says it could do before the deadline. */
  private void highLoad(Fleet fleet, HeadraceClient client) throws Exception {
    Duration deadline = Duration.ofSeconds(8);
    int count = requests(fleet, 3 * 8);
    List<InferenceResult> results = all(submit(client, count, deadline));
    assertThat(results).hasSize(count);
    assertThat(results).allMatch(r -> r.status() == Status.OK || r.status() == Status.EXPIRED);
    report("high load", results);
    assertThat(at(DEAR, results)).as("of %d", count).isNotEmpty();
    assertThat(at(DEAR, results)).allMatch(r -> TOO_MUCH.contains(r.reason().orElse("")));
    // The cheap one was full meanwhile. How full exactly depends on how sure the router was of its
    // curve; OverflowLoopTest says it with numbers. By what it measured itself, no clock of ours:
    assertThat(deviceSeconds(at(CHEAP, results))).isGreaterThan(deadline.toSeconds() / 4.0);
    // When it is over, all goes to the cheap one again.
    awaitBothSeen(client);
    lowLoad(client);
  }

  /**
   * What the dead worker had comes back to the cheap one, and says that it is late. Another client
   * follows some of these requests; it, too, gets one outcome for each.
   */
  private void death(Fleet fleet, HeadraceClient client, HeadraceClient other) throws Exception {
    // Three times what it says it can do: the machine may be twice as fast as when it was asked.
    int count = requests(fleet, 3 * 10);
    Instant begin = Instant.now();
    List<PendingResult> pending = new ArrayList<>();
    List<PendingResult> followers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Request request = request(Duration.ofSeconds(10)).admission(AdmissionMode.LATE);
      pending.add(client.submit(request));
      if (i % 10 == 0) {
        followers.add(other.submit(request));
      }
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> secondsInDearLane(fleet) > 0.7);
    fleet.kill("dear");
    List<InferenceResult> results = all(pending);
    report("death", results);
    assertThat(results).hasSize(count).allMatch(InferenceResult::isOk);
    assertThat(at(CHEAP, results)).isNotEmpty();
    List<InferenceResult> followed = all(followers);
    assertThat(followed).allMatch(InferenceResult::isOk);
    fleet.awaitOneOutcomeEach(begin, pending);
    fleet.awaitOneOutcomeEach(begin, followers);
    assertThat(results).as("came late and says so").anyMatch(r -> !r.inTime().orElse(true));
    // Nobody serves that lane any more, so only the router can have emptied it.
    await().atMost(Duration.ofMinutes(1)).until(() -> secondsInDearLane(fleet) == 0);
    List<InferenceResult> after = all(submit(client, 10, Duration.ofMinutes(2)));
    assertThat(at(CHEAP, after)).hasSize(10);
  }

  /** By its records and the dear worker's curve when it was last seen. */
  private double secondsInDearLane(Fleet fleet) {
    model(fleet, DEAR).ifPresent(m -> dearSeconds = m.curve().marginalSeconds(1, 45, 32));
    return fleet.admin().lag(List.of(DEAR)).getOrDefault(DEAR, 0L) * dearSeconds;
  }

  /** As many requests as take the cheap worker this long, by its own measurements. */
  private static int requests(Fleet fleet, double seconds) {
    ModelReport model = model(fleet, CHEAP).orElseThrow();
    // In full batches, which is how a burst is run: more rows share the fixed part.
    double each = model.curve().marginalSeconds(1, 45, Math.max(32, model.batchRows()));
    return (int) Math.min(20_000, Math.max(50, Math.ceil(seconds / each)));
  }

  private static Optional<ModelReport> model(Fleet fleet, String lane) {
    return fleet.stores().deviceRegistry().list().stream()
        .filter(r -> r.lane().equals(lane))
        .map(r -> r.models().get(MODEL))
        .filter(Objects::nonNull)
        .findFirst();
  }

  private static double deviceSeconds(List<InferenceResult> results) {
    return results.stream()
        .mapToDouble(r -> r.serviceTime().orElse(Duration.ZERO).toNanos() / 1e9)
        .sum();
  }

  private static void report(String phase, List<InferenceResult> results) {
    System.err.printf(
        "overflow: %s requests=%d cheap=%d (%.2f s) dear=%d expired=%d%n",
        phase,
        results.size(),
        at(CHEAP, results).size(),
        deviceSeconds(at(CHEAP, results)),
        at(DEAR, results).size(),
        results.stream().filter(r -> r.status() == Status.EXPIRED).count());
  }
}
