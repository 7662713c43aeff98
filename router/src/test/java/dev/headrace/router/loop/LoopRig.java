package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;

import dev.headrace.policy.CheapestInTime;
import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.tenant.TenantConfig;
import dev.headrace.router.buffer.TierShares;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.state.RouterState;
import dev.headrace.router.state.StateConfig;
import dev.headrace.router.state.Watch;
import dev.headrace.router.testing.TestClock;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.testing.FakeConsumer;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.FakeTopics;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import dev.headrace.transport.testing.TwoStores;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A router's loop over fakes, and a hand on everything around it. */
final class LoopRig {
  static final int BOUND = 50;
  static final int POLL = 20;

  final TestClock clock = new TestClock();
  final FakeTopics topics = new FakeTopics();
  final FakeProducer producer = new FakeProducer();
  final Outage outage = new Outage();
  final InMemoryOutcomeStore outcomes = new InMemoryOutcomeStore(outage);
  final InMemoryResultCache cache = new InMemoryResultCache(clock, outage);
  final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(clock, Duration.ofDays(1), outage);
  final InMemoryRouterRegistry routers =
      new InMemoryRouterRegistry(clock, Duration.ofDays(1), outage);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  /** Records that a lane is to have; without one, what was sent there less what is done. */
  final Map<String, Long> lag = new HashMap<>();

  /** Records that the workers of a lane have done. */
  final Map<String, Integer> done = new HashMap<>();

  FakeConsumer consumer;
  RouterLoop loop;

  /** Retries that were appended and not yet moved to their topic. */
  private final Map<String, Integer> moved = new HashMap<>();

  private final TenantConfig tenants;

  LoopRig() {
    this(TenantConfig.NONE);
  }

  LoopRig(TenantConfig tenants) {
    this.tenants = tenants;
    Rebalances rebalances = new Rebalances();
    consumer = new FakeConsumer(topics, rebalances, POLL);
    for (String topic : Topics.routerInput()) {
      consumer.assign(new Slot(topic, 0));
    }
    loop = loop(rebalances);
  }

  private RouterLoop loop(Rebalances rebalances) {
    LoopConfig config =
        new LoopConfig(
            "r1",
            BOUND,
            1 << 20,
            100,
            Duration.ofSeconds(5),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30));
    StateConfig state =
        new StateConfig(
            Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(10), List.of());
    DeliveryConfig delivery =
        new DeliveryConfig(true, 1 << 20, Duration.ZERO, Duration.ofMillis(200));
    Watch watch =
        new Watch(
            registry,
            routers,
            lanes -> {
              Map<String, Long> counted = new HashMap<>();
              lanes.forEach(l -> counted.put(l, lagOf(l)));
              return counted;
            },
            Runnable::run);
    return new RouterLoop(
        new Parts(
            config,
            new TierShares(Map.of(Tier.ECONOMY, 1.0, Tier.STANDARD, 3.0, Tier.PREMIUM, 6.0)),
            tenants,
            consumer,
            rebalances,
            new Delivery(new TwoStores(outcomes, cache), producer, delivery, clock, clock),
            outcomes,
            cache,
            new RouterState("r1", state, watch, clock, clock),
            new CheapestInTime(0),
            new RouterMetrics(meters),
            clock,
            clock));
  }

  private long lagOf(String lane) {
    Long fixed = lag.get(lane);
    return fixed != null
        ? fixed
        : producer.records(Topics.work(lane)).size() - done.getOrDefault(lane, 0);
  }

  /** The process dies, another takes over. */
  void crash() {
    Rebalances rebalances = new Rebalances();
    consumer = consumer.crash(rebalances);
    loop = loop(rebalances);
  }

  void beat(Heartbeats... heartbeats) {
    for (Heartbeats heartbeat : heartbeats) {
      registry.publish(heartbeat.build());
    }
  }

  void publish(InferenceRequest request) {
    publish(Topics.requests(request.tier()), RequestCodec.encode(request));
  }

  void publish(String topic, WireRecord record) {
    topics.append(new Slot(topic, 0), clock.millis(), record);
  }

  /** Some turns, a millisecond apart. */
  void turns(int count) {
    for (int i = 0; i < count; i++) {
      loop.runOnce();
      clock.advance(Duration.ofMillis(1));
    }
  }

  /** Turns for so long, 20 milliseconds apart. */
  void run(Duration span) {
    run(span, Duration.ofMillis(20));
  }

  /** Turns for so long. */
  void run(Duration span, Duration step) {
    long end = clock.getAsLong() + span.toNanos();
    while (clock.getAsLong() < end) {
      loop.runOnce();
      clock.advance(step);
    }
    turns(3);
  }

  /** Brings what was appended to the retry topics to where the consumer reads it. */
  void moveRetries() {
    for (Duration delay : Topics.RETRY_DELAYS) {
      String topic = Topics.retry(delay);
      List<WireRecord> appended = producer.records(topic);
      for (int i = moved.getOrDefault(topic, 0); i < appended.size(); i++) {
        publish(topic, appended.get(i));
      }
      moved.put(topic, appended.size());
    }
  }

  /** The requests in a lane's topic. */
  List<InferenceRequest> work(String lane) {
    List<InferenceRequest> requests = new ArrayList<>();
    for (WireRecord record : producer.records(Topics.work(lane))) {
      requests.add(((Decoded.Valid) WorkCodec.decode(record, clock.instant())).request());
    }
    return requests;
  }

  List<String> workIds(String lane) {
    return work(lane).stream().map(InferenceRequest::id).toList();
  }

  List<WireRecord> deadLetters() {
    return producer.records(Topics.DEAD_LETTERS);
  }

  Outcome outcome(String id) {
    return outcomes.outcome("c1", id);
  }

  double counted(String meter, String... tags) {
    return meters.get("headrace.router." + meter).tags(tags).counter().count();
  }

  /** One cheap slow lane and one dear fast one: 1 s at 1 $/h, 0.1 s at 100 $/h. */
  void twoLanes() {
    beat(
        heartbeat("w1", "slow").price(1).curve(1, 100),
        heartbeat("w2", "fast").price(100).curve(0.1, 100));
    turns(3);
  }

  /** Publishes a request of this moment. */
  void publish(RequestBuilder request) {
    publish(request.at(clock.instant()).build());
  }

  /** Under which the router keeps a request of these tests. */
  static String key(InferenceRequest request) {
    return CacheKey.of("m", "r1", Task.EMBEDDINGS, request.payload().bytes());
  }
}
