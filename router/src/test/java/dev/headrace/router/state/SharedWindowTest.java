package dev.headrace.router.state;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.service.RouterReport.Waiting;
import dev.headrace.router.testing.TestClock;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several routers and one lane: window of 2 s, one worker, requests of 0.05 s. */
class SharedWindowTest {
  private static final double REQUEST = 0.05;
  private static final double WINDOW = 2;

  private final TestClock clock = new TestClock();
  private final Outage outage = new Outage();
  private final InMemoryDeviceRegistry devices =
      new InMemoryDeviceRegistry(clock, Duration.ofDays(1), outage);
  private final InMemoryRouterRegistry registry =
      new InMemoryRouterRegistry(clock, Duration.ofSeconds(10), outage);
  private final List<RouterState> routers = new ArrayList<>();

  /** Seconds of work that are truly in the lane. */
  private double inLane;

  private RouterState router(String id) {
    StateConfig config =
        new StateConfig(
            Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(1), List.of());
    Watch watch =
        new Watch(
            devices,
            registry,
            lanes -> Map.of("a", Math.round(Math.ceil(inLane / REQUEST))),
            Runnable::run);
    RouterState state = new RouterState(id, config, watch, clock, clock);
    routers.add(state);
    return state;
  }

  private void refresh() {
    routers.forEach(RouterState::refresh);
  }

  private void step() {
    refresh();
    refresh();
    clock.advance(Duration.ofMillis(10));
  }

  private boolean trySend(RouterState router) {
    if (router.fleet().lanes().isEmpty() || !router.snapshot().hasRoom(0)) {
      return false;
    }
    router.sent("a", REQUEST);
    router.appended("a", REQUEST);
    inLane += REQUEST;
    return true;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void together_they_keep_the_window(int count) {
    devices.publish(heartbeat("w", "a").curve(REQUEST, 100).build());
    for (int i = 0; i < count; i++) {
      router("r" + i);
    }
    for (int i = 0; i < 200; i++) {
      step();
    }
    long seed = 42 + count;
    Random random = new Random(seed);
    double most = 0;
    for (int turn = 0; turn < 20_000; turn++) {
      // Routers have bursts and pauses of their own; the worker stalls now and then.
      RouterState router = routers.get(random.nextInt(count));
      int burst = random.nextInt(10) == 0 ? 100 : random.nextInt(3);
      for (int i = 0; i < burst && trySend(router); i++) {
        most = Math.max(most, inLane);
      }
      inLane = Math.max(0, inLane - (turn / 500 % 4 == 3 ? 0 : 0.01));
      outage.end();
      if (turn / 1000 % 5 == 4) {
        outage.begin(); // Redis away: what was known of the others still counts
      }
      step();
    }
    // The ledger believes that a stalled worker did up to a second since the last reading.
    double believed = Math.min(LaneLedger.MAX_AGE_SECONDS, 0.5);
    assertThat(most)
        .as("seed %s", seed)
        .isLessThanOrEqualTo(WINDOW + count * REQUEST + believed + 1e-6)
        .isGreaterThan(WINDOW / 2);
  }

  @Test
  void two_routers_that_both_have_a_burst_share_the_room() {
    devices.publish(heartbeat("w", "a").curve(REQUEST, 100).build());
    RouterState one = router("r1");
    RouterState two = router("r2");
    for (int i = 0; i < 200; i++) {
      step();
    }
    int sentByOne = 0;
    while (trySend(one)) {
      sentByOne++;
    }
    int sentByTwo = 0;
    while (trySend(two)) {
      sentByTwo++;
    }
    assertThat(sentByOne).isEqualTo(20);
    assertThat(sentByTwo).isEqualTo(20);
    assertThat(inLane).isCloseTo(WINDOW, within(1e-6));
  }

  @Test
  void rebalance_makes_a_router_share_before_it_has_heard_of_the_other() {
    devices.publish(heartbeat("w", "a").curve(REQUEST, 100).build());
    RouterState one = router("r1");
    for (int i = 0; i < 100; i++) {
      step();
    }
    assertThat(one.routers()).isEqualTo(1);
    one.rebalanced();
    assertThat(one.routers()).isEqualTo(2);
    for (int i = 0; i < 100; i++) {
      step();
    }
    assertThat(one.routers()).as("nobody came").isEqualTo(1);
  }

  @Test
  void what_waits_elsewhere_is_known_and_ends_with_its_router() {
    devices.publish(heartbeat("w", "a").build());
    RouterState one = router("r1");
    RouterState two = router("r2");
    two.waiting(Map.of("a", new Waiting(30, 600, -1)));
    one.waiting(Map.of("a", new Waiting(10, 200, 5)));
    for (int i = 0; i < 200; i++) {
      step();
    }
    assertThat(one.allWaiting()).containsEntry("a", new Waiting(40, 800, -1));
    assertThat(one.snapshot().withPlanned(0, 50).waitSeconds(0)).isCloseTo(80, within(1e-6));
    routers.remove(two);
    clock.advance(Duration.ofSeconds(11));
    for (int i = 0; i < 200; i++) {
      step();
    }
    assertThat(one.routers()).isEqualTo(1);
    assertThat(one.allWaiting()).containsEntry("a", new Waiting(10, 200, 5));
  }

  @Test
  void all_read_at_the_same_times() {
    router("r1");
    clock.advance(Duration.ofMillis(137));
    RouterState two = router("r2");
    two.refresh();
    clock.advance(Duration.ofMillis(362));
    two.refresh();
    devices.publish(heartbeat("w", "a").build());
    two.refresh();
    assertThat(two.fleet().lanes()).as("not yet").isEmpty();
    clock.advance(Duration.ofMillis(1));
    two.refresh();
    two.refresh();
    assertThat(two.fleet().lanes()).as("at a multiple of the interval").hasSize(1);
  }
}
