package dev.headrace.router.testing;

import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.GroupConsumer;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaEventProducer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Everything around a real router: its clients, its workers' heartbeats, readers of topics. */
public final class Stage implements AutoCloseable {
  private final Map<String, String> settings = new HashMap<>();
  private final RedisStores stores;
  private final KafkaEventProducer producer;
  private final TopicAdmin admin;
  private final List<RouterApp> routers = new ArrayList<>();
  private final List<EventConsumer> readers = new ArrayList<>();
  private final List<DeviceReport> workers = new CopyOnWriteArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ScheduledExecutorService hearts = Executors.newSingleThreadScheduledExecutor();

  public Stage(String kafka, String redis, Map<String, String> more) {
    settings.put("kafka.bootstrap-servers", kafka);
    settings.put("kafka.topics.partitions", "2");
    settings.put("redis.uri", redis);
    settings.put("redis.timeout", "500ms");
    settings.put("router.refresh-interval", "100ms");
    settings.putAll(more);
    stores = RedisStores.connect(RedisConfig.read(settings()));
    producer = new KafkaEventProducer(kafka(), "stage");
    admin = new TopicAdmin(kafka());
    hearts.scheduleWithFixedDelay(this::beat, 0, 200, TimeUnit.MILLISECONDS);
  }

  private Settings settings() {
    return Settings.of(settings);
  }

  private KafkaConfig kafka() {
    return KafkaConfig.read(settings());
  }

  /** A started router. */
  public RouterApp router() {
    Settings s = settings();
    RouterConfig config = RouterConfig.read(s);
    s.requireValid(List.of());
    RouterApp router = new RouterApp(config, meters);
    routers.add(router);
    router.start();
    return router;
  }

  /** The value of a gauge of the router, of the first one if there are several. */
  public double gauge(String name) {
    return meters.get(name).gauge().value();
  }

  private void beat() {
    try {
      workers.forEach(stores.deviceRegistry()::publish);
    } catch (RuntimeException e) {
      return; // Redis is away; the next beat tries again
    }
  }

  /** From now on this worker lives. Its lane has a topic before, as workers make it. */
  public void live(Heartbeats heartbeats) {
    // A reader that makes one lane's while the router counts would show it some lanes only.
    admin.ensure(List.of(Topics.work(heartbeats.build().lane())));
    liveWithoutTopic(heartbeats);
  }

  /** From now on this worker lives, whatever its lane is called. */
  public void liveWithoutTopic(Heartbeats heartbeats) {
    DeviceReport report = heartbeats.build();
    // At once, so that a router that starts next cannot read some of the fleet's heartbeats only.
    stores.deviceRegistry().publish(report);
    workers.add(report);
  }

  /** From now on no worker does. */
  public void die() {
    workers.forEach(w -> stores.deviceRegistry().remove(w.workerId()));
    workers.clear();
  }

  /** From now on the workers of this lane do not. */
  public void die(String lane) {
    List<DeviceReport> dead = workers.stream().filter(w -> w.lane().equals(lane)).toList();
    workers.removeAll(dead);
    dead.forEach(w -> stores.deviceRegistry().remove(w.workerId()));
  }

  public RedisStores stores() {
    return stores;
  }

  public void publish(InferenceRequest request) {
    publish(Topics.requests(request.tier()), RequestCodec.encode(request));
  }

  public void publish(String topic, WireRecord record) {
    producer.send(
        topic,
        record,
        failure -> {
          if (failure != null) {
            throw new AssertionError(failure);
          }
        });
  }

  public Optional<Outcome> outcome(InferenceRequest request) {
    return stores.outcomeStore().find(List.of(request.address())).get(0).map(d -> d.stored());
  }

  public long lag(String lane) {
    return admin.lag(List.of(lane)).getOrDefault(lane, 0L);
  }

  /** Reads a topic from its beginning as the given group. */
  public Reader read(String topic, String group) {
    admin.ensure(List.of(topic));
    Reader reader = new Reader(topic, group);
    readers.add(reader.consumer);
    return reader;
  }

  /** A lane's worker, as far as Kafka sees it. */
  public Reader lane(String lane) {
    return read(Topics.work(lane), Topics.workGroup(lane));
  }

  /** Takes and acknowledges everything. */
  public final class Reader {
    private final EventConsumer consumer;
    private final List<WireRecord> records = new ArrayList<>();

    private Reader(String topic, String group) {
      EventConsumer.Listener nobody =
          new EventConsumer.Listener() {
            @Override
            public void assigned(Collection<Slot> slots) {}

            @Override
            public void revoked(Collection<Slot> slots) {}
          };
      consumer = new GroupConsumer(kafka(), group, List.of(topic), nobody);
    }

    /** All that came until now. */
    public List<WireRecord> records() {
      for (Received r : consumer.poll(Duration.ofMillis(50))) {
        records.add(r.record());
        consumer.acknowledge(r);
      }
      consumer.commit();
      return List.copyOf(records);
    }

    public List<InferenceRequest> requests() {
      return records().stream()
          .map(r -> WorkCodec.decode(r, Instant.EPOCH))
          .map(d -> ((Decoded.Valid) d).request())
          .toList();
    }

    public List<String> ids() {
      return requests().stream().map(InferenceRequest::id).toList();
    }
  }

  @Override
  public void close() {
    hearts.shutdownNow();
    readers.forEach(r -> r.close(Duration.ofSeconds(5)));
    routers.forEach(RouterApp::close);
    producer.close(Duration.ofSeconds(5));
    admin.close();
    stores.close();
  }
}
