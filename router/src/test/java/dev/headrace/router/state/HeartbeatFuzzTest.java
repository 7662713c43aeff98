package dev.headrace.router.state;

import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.Decision;
import dev.headrace.policy.Forecast;
import dev.headrace.policy.PolicyConfig;
import dev.headrace.policy.RoutingPolicy;
import dev.headrace.policy.Snapshot;
import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReport.Waiting;
import dev.headrace.protocol.service.RouterReportCodec;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.testing.TestClock;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Heartbeats of workers and routers as anything that can write to Redis might leave them: whatever
 * they say, the router takes them or leaves them, and all that it reckons with stays a number.
 */
class HeartbeatFuzzTest {
  /** Four thousand ran without a failure when this was written; these take a second. */
  private static final int ROUNDS = Integer.getInteger("headrace.fuzz.rounds", 400);

  private static final Duration TTL = Duration.ofSeconds(10);
  private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE]-?\\d+)?");

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-0.0",
          "-1",
          "1",
          "1e-320",
          "1e9",
          "1e15",
          "1e300",
          "1.7976931348623157e308",
          "-1e308",
          "9223372036854775807",
          "-9223372036854775808",
          "99999999999999999999",
          "NaN",
          "Infinity",
          "-Infinity",
          "null",
          "\"x\"",
          "[]",
          "{}",
          "",
          "true");

  private static final List<String> TEXTS =
      List.of(
          "",
          "a",
          "b",
          "a/b",
          "x".repeat(300),
          "\u0000",
          "\ud800",
          "READY",
          "STALLED",
          "UNKNOWN",
          "loaded",
          "failed",
          "1970-01-01T00:00:00Z",
          "+1000000000-12-31T23:59:59Z",
          "9999-12-31T23:59:59Z",
          "-1",
          "NaN",
          "{\"m\":null}",
          "[1]",
          "{\"m\":{}}",
          "{");

  private final TestClock clock = new TestClock();
  private final InMemoryDeviceRegistry workers = new InMemoryDeviceRegistry(clock, TTL);
  private final InMemoryRouterRegistry routers =
      new InMemoryRouterRegistry(clock, TTL, new Outage());
  private final ArrayDeque<Runnable> watchThread = new ArrayDeque<>();
  private final List<RoutingPolicy> policies = new ArrayList<>();
  private Random random = new Random();
  private RouterState state = state();

  private final class Topics implements LaneTopics {
    @Override
    public Map<String, Long> lag(Set<String> lanes) {
      Map<String, Long> lag = new HashMap<>();
      lanes.forEach(lane -> lag.put(lane, (long) random.nextInt(1000)));
      return lag;
    }

    @Override
    public long routerLag() {
      return random.nextInt(10_000);
    }
  }

  private RouterState state() {
    StateConfig config =
        new StateConfig(
            Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(1), List.of());
    return new RouterState(
        "r1", config, new Watch(workers, routers, new Topics(), watchThread::add), clock, clock);
  }

  @Test
  void whatever_heartbeats_say_decisions_are_made_and_numbers_stay_numbers() {
    for (PolicyConfig.Name name : PolicyConfig.Name.values()) {
      policies.add(new PolicyConfig(name, Duration.ofMillis(50)).policy());
    }
    long seed = Long.getLong("headrace.fuzz.seed", System.nanoTime());
    random = new Random(seed);
    int lanes = 0;
    for (int round = 0; round < ROUNDS; round++) {
      if (round % 200 == 0) {
        state = state();
      }
      try {
        publish();
        refresh();
        lanes += state.fleet().lanes().size();
        decide();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("-Dheadrace.fuzz.seed=" + seed + " round " + round, e);
      }
    }
    assertThat(lanes).as("rounds that left something to decide about").isGreaterThan(ROUNDS / 2);
  }

  private void publish() {
    for (String worker : List.of("w1", "w2", "w3", "w4")) {
      Map<String, String> hash = new HashMap<>(DeviceReportCodec.encode(report(worker)));
      workers.publish(worker, mutated(hash));
    }
    for (String router : List.of("r2", "r3")) {
      Waiting waiting = new Waiting(random.nextInt(100), random.nextInt(100), random.nextInt(9));
      RouterReport report =
          new RouterReport(router, Map.of("a", waiting, "b", waiting), random.nextInt(50), null);
      routers.publish(router, mutated(new HashMap<>(RouterReportCodec.encode(report))));
    }
  }

  private DeviceReport report(String worker) {
    String lane = random.nextBoolean() ? "a" : "b";
    ServiceCurve curve = new ServiceCurve(0.01, 1e-5, 1e-9, 0.1, random.nextInt(50));
    GenerationCurve generation = new GenerationCurve(0.01, 1e-4, 1e-3, 1e-7, 0.5, 0.2, 40);
    ModelReport embeds =
        new ModelReport(
            "r1",
            Set.of(Task.EMBEDDINGS),
            curve,
            16,
            ModelState.values()[random.nextInt(ModelState.values().length)],
            3,
            NumericPrecision.INT8,
            null,
            SideBySide.NONE);
    ModelReport writes =
        new ModelReport(
            "r1",
            Set.of(Task.COMPLETIONS),
            curve,
            4,
            ModelState.LOADED,
            0,
            null,
            generation,
            new SideBySide(8, 20));
    return new DeviceReport(
        worker,
        random.nextBoolean() ? lane : "other",
        lane,
        "",
        1.5,
        random.nextInt(8) == 0 ? WorkerState.STALLED : WorkerState.READY,
        RequestBuilder.START,
        3,
        2,
        1 << 20,
        0,
        0.5,
        Map.of("m", embeds, "g", writes));
  }

  /** Up to three changes; a good part of the heartbeats stay as they are. */
  private Map<String, String> mutated(Map<String, String> hash) {
    for (int changes = random.nextInt(4); changes > 0; changes--) {
      List<String> fields = hash.keySet().stream().sorted().toList();
      if (fields.isEmpty()) {
        break;
      }
      String field = fields.get(random.nextInt(fields.size()));
      String value = hash.get(field);
      switch (random.nextInt(6)) {
        case 0 -> hash.remove(field);
        case 1 -> hash.put(field, one(TEXTS));
        case 2 -> hash.put(field, one(NUMBERS));
        case 3 -> hash.put(field, cut(value));
        default -> hash.put(field, withNumber(value));
      }
    }
    return hash;
  }

  private String one(List<String> values) {
    return values.get(random.nextInt(values.size()));
  }

  private String cut(String value) {
    if (value.isEmpty()) {
      return value;
    }
    int at = random.nextInt(value.length());
    return random.nextBoolean()
        ? value.substring(0, at) + value.substring(at + 1)
        : value.substring(0, at) + (char) random.nextInt(0x80) + value.substring(at);
  }

  /** Another number in the place of one that is there; in JSON that of any model. */
  private String withNumber(String value) {
    List<int[]> places = new ArrayList<>();
    Matcher numbers = NUMBER.matcher(value);
    while (numbers.find()) {
      places.add(new int[] {numbers.start(), numbers.end()});
    }
    if (places.isEmpty()) {
      return one(NUMBERS);
    }
    int[] place = places.get(random.nextInt(places.size()));
    return value.substring(0, place[0]) + one(NUMBERS) + value.substring(place[1]);
  }

  private void refresh() {
    clock.advance(Duration.ofMillis(500));
    state.refresh();
    while (!watchThread.isEmpty()) {
      watchThread.remove().run();
    }
    state.refresh();
    state.waiting(Map.of("a", new Waiting(1, 1, 1)));
    state.taken(random.nextInt(20));
  }

  private void decide() {
    state.problems().forEach(problem -> assertThat(problem).isNotBlank());
    state
        .allWaiting()
        .forEach((lane, w) -> number("waiting in " + lane, w.seconds(), w.slackSeconds()));
    Snapshot snapshot = state.snapshot();
    Demand.of(snapshot, state.allWaiting())
        .lanes()
        .values()
        .forEach(d -> number("demand", d.seconds()));
    List<InferenceRequest> requests =
        List.of(
            request("a").build(),
            request("b").size(65_536, 16_777_216).within(Duration.ofHours(24)).build(),
            request("c").model("g").task(Task.COMPLETIONS).size(new Size(4, 900, 4096)).build(),
            request("d").within(Duration.ofMillis(1)).excluding("a").build());
    for (RoutingPolicy policy : policies) {
      Snapshot next = snapshot;
      for (InferenceRequest request : requests) {
        next = decided(policy, request, next);
      }
      for (int lane = 0; lane < next.fleet().lanes().size(); lane++) {
        number("wait of " + policy, next.waitSeconds(lane), next.sentSeconds(lane));
        number("requests", next.requests(lane));
      }
    }
  }

  private static Snapshot decided(
      RoutingPolicy policy, InferenceRequest request, Snapshot snapshot) {
    Decision decision = policy.choose(request, snapshot, RequestBuilder.START);
    Forecast.of(policy, request, snapshot, RequestBuilder.START, 0.05)
        .ifPresent(f -> number("forecast", f.waitSeconds(), f.finishSeconds(), f.usd()));
    if (decision instanceof Decision.Place place) {
      number("seconds", place.seconds());
      assertThat(place.seconds()).isNotNegative();
      return snapshot.withSent(place.lane(), place.seconds());
    }
    if (decision instanceof Decision.Wait wait) {
      number("seconds", wait.seconds(), wait.slackSeconds());
      assertThat(wait.seconds()).isNotNegative();
      return snapshot.withPlanned(wait.lane(), wait.seconds());
    }
    return snapshot;
  }

  private static void number(String what, double... values) {
    for (double value : values) {
      assertThat(Double.isFinite(value)).as("%s: %s (expected: finite)", what, value).isTrue();
    }
  }
}
