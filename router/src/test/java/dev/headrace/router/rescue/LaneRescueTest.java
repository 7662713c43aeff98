package dev.headrace.router.rescue;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.router.metrics.RescueMetrics;
import dev.headrace.router.testing.TestClock;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.testing.FakeConsumer;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.TwoStores;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class LaneRescueTest {
  private static final String TOPIC = Topics.work("lost");
  private static final String RETRY = Topics.retry(Topics.RETRY_DELAYS.get(0));

  private final TestClock clock = new TestClock();
  private final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(clock, Duration.ofSeconds(10));
  private final FakeProducer producer = new FakeProducer();
  private final FakeConsumer member = new FakeConsumer();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private int joins;

  private final LaneGroups groups =
      new LaneGroups() {
        @Override
        public Set<String> lanes() {
          return Set.of("lost", "other");
        }

        @Override
        public Map<String, Long> lag(Collection<String> lanes) {
          Map<String, Long> lag = new HashMap<>();
          lanes.forEach(
              l -> {
                Slot slot = new Slot(Topics.work(l), 0);
                lag.put(l, member.topics().end(slot) - member.topics().committed(slot));
              });
          return lag;
        }

        @Override
        public EventConsumer join(String lane) {
          joins++;
          return member;
        }
      };

  private final LaneRescue rescue =
      new LaneRescue(
          new RescueConfig(Duration.ofSeconds(15), Duration.ofSeconds(1)),
          registry,
          groups,
          new Delivery(
              new TwoStores(new InMemoryOutcomeStore(), new InMemoryResultCache(clock)),
              producer,
              new DeliveryConfig(true, 1 << 20, Duration.ZERO, Duration.ofMillis(200)),
              clock,
              clock),
          new RescueMetrics(meters),
          clock,
          clock);

  private void lies(String id) {
    InferenceRequest request =
        request(id).build().assigned(new Assignment("lost", "h100", "cheapest_in_time", "key"));
    member.add(TOPIC, WorkCodec.encode(request)); // as the router writes it
  }

  private void run(int seconds) {
    for (int i = 0; i < seconds; i++) {
      work();
      clock.advance(Duration.ofSeconds(1));
    }
    work();
  }

  /** Once, without the rest that it takes where there is nothing to do: that is of real time. */
  private void work() {
    LockSupport.unpark(Thread.currentThread());
    rescue.doWork();
  }

  private List<InferenceRequest> moved() {
    return producer.records(RETRY).stream()
        .map(r -> ((Decoded.Valid) RequestCodec.decode(r, Tier.STANDARD, START)).request())
        .toList();
  }

  @Test
  void records_of_a_lane_without_workers_are_routed_anew() {
    lies("a");
    lies("b");
    run(14);
    assertThat(moved()).isEmpty();
    run(3);
    assertThat(moved()).extracting(InferenceRequest::id).containsExactly("a", "b");
    assertThat(moved()).allMatch(r -> r.assignment() == null && r.attempts().number() == 1);
    assertThat(member.topics().committed(new Slot(TOPIC, 0))).isEqualTo(2);
    WireRecord first = producer.records(RETRY).get(0);
    assertThat(DeadLetter.number(first, DeadLetter.RETRY_AT, 0))
        .as("due at once")
        .isLessThanOrEqualTo(clock.millis());
    assertThat(meters.get("headrace.router.rescued.records").tag("lane", "lost").counter().count())
        .isEqualTo(2);
  }

  @Test
  void lane_whose_workers_live_or_drain_is_left_alone() {
    lies("a");
    for (int i = 0; i < 40; i++) {
      WorkerState state = i % 2 == 0 ? WorkerState.READY : WorkerState.DRAINING;
      registry.publish(heartbeat("w", "lost").state(state).build());
      run(1);
    }
    assertThat(joins).isZero();
    registry.remove("w");
    registry.publish(heartbeat("w2", "lost").state(WorkerState.LOADING).build());
    run(16);
    assertThat(moved()).as("one that loads is no member yet").hasSize(1);
  }

  @Test
  void empty_lane_is_not_joined() {
    run(30);
    assertThat(joins).isZero();
  }

  @Test
  void rescue_leaves_when_workers_are_back_and_leaves_them_the_rest() {
    lies("a");
    run(17);
    assertThat(moved()).hasSize(1);
    producer.hold();
    lies("b");
    rescue.doWork();
    registry.publish(heartbeat("w", "lost").build());
    run(2);
    assertThat(member.topics().committed(new Slot(TOPIC, 0)))
        .as("what was not moved for certain is the workers' again")
        .isEqualTo(1);
    assertThat(meters.get("headrace.router.rescued.lanes").gauge().value()).isZero();
  }

  @Test
  void silence_does_not_count_while_redis_is_away() {
    lies("a");
    run(10);
    registry.outage().begin();
    run(30);
    registry.outage().end();
    run(14);
    assertThat(joins).isZero();
    run(3);
    assertThat(moved()).hasSize(1);
  }

  @Test
  void what_cannot_be_read_goes_on_as_it_is() {
    WireRecord broken =
        RequestCodec.encode(request("x").build()).with(List.of(WireHeader.of("ce_rows", "x")));
    member.add(TOPIC, broken);
    run(17);
    assertThat(producer.records(RETRY)).hasSize(1);
    assertThat(producer.records(RETRY).get(0).text("ce_rows")).isEqualTo("x");
  }
}
