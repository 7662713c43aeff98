package dev.headrace.router.state;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.policy.Lane;
import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReport.Waiting;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.router.testing.TestClock;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RouterStateTest {
  private final TestClock clock = new TestClock();
  private final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(clock, Duration.ofSeconds(10));
  private final InMemoryRouterRegistry routers =
      new InMemoryRouterRegistry(clock, Duration.ofSeconds(10), new Outage());
  private final Map<String, Long> lag = new HashMap<>(Map.of("a", 0L, "b", 0L));
  private final ArrayDeque<Runnable> watchThread = new ArrayDeque<>();
  private boolean brokerDown;

  /** Lanes whose records were counted last. */
  private Set<String> asked = Set.of();

  /** Lanes whose topics were created. */
  private final Set<String> created = new HashSet<>();

  private final RouterState state =
      new RouterState(
          "r1",
          new StateConfig(
              Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(1), List.of()),
          new Watch(registry, routers, new Topics(), watchThread::add),
          clock,
          clock);

  /** Records that no router has committed. */
  private long routerLag;

  private final class Topics implements LaneTopics {
    @Override
    public Map<String, Long> lag(Set<String> lanes) {
      return counted(lanes);
    }

    @Override
    public void create(Set<String> lanes) {
      if (lanes.contains("refused")) {
        throw new FailureException(ErrorCode.INTERNAL_ERROR, "create topic: refused");
      }
      created.addAll(lanes);
    }

    @Override
    public long routerLag() {
      return routerLag;
    }
  }

  private Map<String, Long> counted(Set<String> lanes) {
    asked = lanes;
    if (brokerDown) {
      throw new FailureException(ErrorCode.BROKER_UNAVAILABLE, "away");
    }
    Map<String, Long> known = new HashMap<>(lag);
    known.keySet().retainAll(lanes);
    return known;
  }

  private void beat(Heartbeats... heartbeats) {
    for (Heartbeats heartbeat : heartbeats) {
      registry.publish(heartbeat.build());
    }
  }

  /** Lets the watch read, and the state take it. */
  private void refresh() {
    clock.advance(Duration.ofMillis(500));
    state.refresh();
    while (!watchThread.isEmpty()) {
      watchThread.remove().run();
    }
    state.refresh();
  }

  @Test
  void fleet_comes_from_heartbeats_and_topics() {
    assertThat(state.fleet().lanes()).isEmpty();
    assertThat(state.knowsTheModels()).isFalse();
    beat(heartbeat("w1", "a"), heartbeat("w2", "c"));
    refresh();
    assertThat(state.fleet().lanes()).extracting(Lane::name).containsExactly("a");
    assertThat(state.knowsTheModels()).isTrue();
    assertThat(state.problems()).isEmpty();
  }

  @Test
  void one_question_at_a_time_and_not_too_often() {
    state.refresh();
    clock.advance(Duration.ofSeconds(5));
    state.refresh();
    state.refresh();
    assertThat(watchThread).hasSize(1);
    watchThread.remove().run();
    state.refresh();
    assertThat(watchThread).isEmpty();
    clock.advance(Duration.ofMillis(500));
    state.refresh();
    assertThat(watchThread).hasSize(1);
  }

  @Test
  void version_changes_with_the_fleet_only() {
    beat(heartbeat("w1", "a"));
    refresh();
    long version = state.version();
    refresh();
    assertThat(state.version()).isEqualTo(version);
    beat(heartbeat("w1", "a").price(3));
    refresh();
    assertThat(state.version()).isGreaterThan(version);
  }

  @Test
  void worker_whose_heartbeats_end_is_gone_and_its_model_is_remembered_for_a_while() {
    beat(heartbeat("w1", "a"));
    refresh();
    clock.advance(Duration.ofSeconds(20));
    refresh();
    assertThat(state.fleet().lanes()).isEmpty();
    assertThat(state.model("m").lanes()).containsEntry(Task.EMBEDDINGS, List.of());
    assertThat(state.problems()).containsExactly("no worker is ready");
    clock.advance(Duration.ofMinutes(2));
    refresh();
    assertThat(state.model("m")).isNull();
  }

  /** Else what it had last would look like work for ever, and the lane never scale to zero. */
  @Test
  void lane_that_lost_its_workers_is_counted_until_nothing_is_left_in_it() {
    beat(heartbeat("w1", "a"), heartbeat("w2", "b"));
    lag.put("a", 4L);
    refresh();
    registry.remove("w1");
    lag.put("a", 2L); // another router sent them before it saw that the worker is gone
    refresh();
    assertThat(state.fleet().lanes()).extracting(Lane::name).containsExactly("b");
    assertThat(state.lag()).containsEntry("a", 2L);
    lag.put("a", 0L);
    refresh();
    assertThat(state.lag()).containsEntry("a", 0L);
    assertThat(asked).containsExactlyInAnyOrder("a", "b");
    refresh();
    refresh();
    assertThat(asked).containsExactly("b");
  }

  @Test
  void topic_is_created_for_a_lane_with_heartbeats_only() {
    beat(heartbeat("w1", "a"), heartbeat("w2", "c"));
    lag.put("a", 4L);
    refresh();
    assertThat(created).containsExactly("c");
    registry.remove("w1");
    lag.remove("a"); // and somebody deletes its topic
    refresh();
    assertThat(asked).contains("a");
    assertThat(state.lag()).as("nothing is left of it").containsEntry("a", 0L);
    assertThat(created).containsExactly("c");
    beat(heartbeat("w1", "a"));
    refresh();
    assertThat(state.fleet().lanes()).as("it has no topic yet").isEmpty();
    assertThat(created).containsExactlyInAnyOrder("a", "c");
  }

  /** As Kafka does with names that differ in dots and underscores only. */
  @Test
  void lane_whose_topic_kafka_refuses_is_named_and_hides_no_other() {
    beat(heartbeat("w1", "a").curve(0.1, 100), heartbeat("w2", "refused"));
    refresh();
    lag.put("a", 7L);
    refresh();
    assertThat(state.lag()).containsEntry("a", 7L);
    assertThat(state.fleet().lanes()).extracting(Lane::name).containsExactly("a");
    assertThat(state.problems())
        .containsExactly("lane refused has workers and gets no work: it has no topic in Kafka");
    beat(heartbeat("w2", "b"));
    refresh();
    assertThat(state.problems()).isEmpty();
  }

  @Test
  void last_view_stays_while_the_store_is_away() {
    beat(heartbeat("w1", "a"));
    refresh();
    registry.outage().begin();
    clock.advance(Duration.ofMinutes(5));
    refresh();
    assertThat(state.fleet().lanes()).hasSize(1);
    assertThat(state.problems()).containsExactly("heartbeats cannot be read");
    assertThat(state.knowsTheModels()).isFalse();
    registry.outage().end();
    refresh();
    assertThat(state.fleet().lanes()).isEmpty();
  }

  @Test
  void lag_goes_on_to_be_read_while_the_store_is_away() {
    beat(heartbeat("w1", "a").curve(0.1, 100));
    refresh();
    registry.outage().begin();
    lag.put("a", 30L);
    refresh();
    assertThat(state.snapshot().sentSeconds(0)).isCloseTo(30 * 0.1, within(1e-6));
  }

  @Test
  void what_was_sent_counts_until_the_lag_has_it() {
    beat(heartbeat("w1", "a").curve(0.1, 100));
    refresh();
    state.sent("a", 0.7);
    assertThat(state.snapshot().sentSeconds(0)).isCloseTo(0.7, within(1e-6));
    state.appended("a", 0.7);
    lag.put("a", 1L);
    refresh();
    assertThat(state.snapshot().sentSeconds(0)).isCloseTo(0.7, within(1e-6));
    lag.put("a", 0L);
    refresh();
    assertThat(state.snapshot().sentSeconds(0)).isZero();
  }

  @Test
  void lanes_fill_up_and_not_over_while_the_broker_does_not_say_how_full_they_are() {
    beat(heartbeat("w1", "a").curve(0.1, 100));
    refresh();
    brokerDown = true;
    for (int i = 0; i < 100; i++) {
      beat(heartbeat("w1", "a").curve(0.1, 100));
      refresh();
      if (state.snapshot().hasRoom(0)) {
        state.sent("a", 0.1);
        state.appended("a", 0.1);
      }
    }
    assertThat(state.problems()).containsExactly("lag cannot be read");
    assertThat(state.snapshot().sentSeconds(0)).isCloseTo(2, within(0.11));
  }

  @Test
  void garbage_among_the_heartbeats_does_no_harm() {
    beat(heartbeat("w1", "a"));
    registry.publish("w2", Map.of("worker", "w2", "state", "READY"));
    registry.publish("w3", Map.of("models", "[]", "usd_per_hour", "NaN"));
    Map<String, String> absurd =
        new HashMap<>(DeviceReportCodec.encode(heartbeat("w4", "a").build()));
    absurd.put(
        "models", "{\"m\":{\"tasks\":[\"embeddings\"],\"fixed_seconds\":1e308,\"samples\":1}}");
    registry.publish("w4", absurd);
    refresh();
    assertThat(state.fleet().lanes()).extracting(Lane::workers).containsExactly(1);
    assertThat(state.model("m")).isNotNull();
  }

  /** Sums of such numbers would be none. */
  @Test
  void garbage_among_the_routers_heartbeats_does_no_harm() {
    beat(heartbeat("w1", "a"));
    routers.publish("r2", router("1.7e308", "3", "1", "0"));
    routers.publish("r3", router("1.7e308", "3", "1", "0"));
    routers.publish("r4", router("1", "9223372036854775807", "1", "0"));
    routers.publish("r5", router("1", "3", "-1e308", "0"));
    routers.publish("r6", router("1", "3", "1", "9223372036854775807"));
    routers.publish("r7", router("7", "3", "1", "3"));
    routerLag = 100;
    refresh();
    assertThat(state.routers()).isEqualTo(2);
    // The 97 records that nobody has taken are of the kind of the 3 that wait.
    assertThat(state.allWaiting().get("a").requests()).isEqualTo(100);
    assertThat(state.allWaiting().get("a").seconds()).isCloseTo(7 * 100 / 3.0, within(1e-6));
  }

  private static Map<String, String> router(
      String seconds, String requests, String slack, String taken) {
    Map<String, String> hash = new HashMap<>();
    hash.put("router", "r");
    hash.put(
        "waiting",
        "{\"a\":{\"seconds\":%s,\"requests\":%s,\"slack_seconds\":%s}}"
            .formatted(seconds, requests, slack));
    hash.put("taken", taken);
    return hash;
  }

  @Test
  void worker_that_says_one_thing_and_then_another_counts_once_by_the_last() {
    beat(heartbeat("w1", "a"), heartbeat("w1", "b"));
    refresh();
    assertThat(state.fleet().lanes()).extracting(Lane::name).containsExactly("b");
    beat(heartbeat("w1", "b").state(WorkerState.DRAINING));
    refresh();
    assertThat(state.fleet().lanes()).isEmpty();
  }

  @Test
  void old_clock_of_a_worker_does_not_make_it_dead() {
    // sent_at is the epoch's 1,000,000th second; only Redis' own time to live counts.
    beat(heartbeat("w1", "a"));
    clock.advance(Duration.ofSeconds(5));
    refresh();
    assertThat(state.fleet().lanes()).hasSize(1);
    clock.advance(Duration.ofSeconds(6));
    refresh();
    assertThat(state.fleet().lanes()).isEmpty();
  }

  @Test
  void what_routers_have_not_taken_counts_like_what_waits() {
    routers.publish(new RouterReport("r2", Map.of("a", new Waiting(10, 10, 1)), 40, null));
    routerLag = 110;
    state.taken(10);
    state.waiting(Map.of("a", new Waiting(5, 5, 3), "b", new Waiting(15, 5, -2)));
    refresh();
    // 110 records, 50 of them taken by routers, 20 of those wait: 60 more of the same kind.
    assertThat(state.allWaiting())
        .containsEntry("a", new Waiting(60, 60, 1))
        .containsEntry("b", new Waiting(60, 20, -2));
  }

  @Test
  void what_lies_in_kafka_while_nothing_waits_is_on_its_way() {
    routerLag = 110;
    refresh();
    assertThat(state.allWaiting()).isEmpty();
  }
}
