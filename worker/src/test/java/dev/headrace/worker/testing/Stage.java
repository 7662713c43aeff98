package dev.headrace.worker.testing;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.embedded.testing.KafkaProbe;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.GroupConsumer;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaEventProducer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.OneShotEngine;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One lane on a real Kafka and Redis, its workers, and what comes out of them. */
public final class Stage implements AutoCloseable {
  private final Map<String, String> settings = new HashMap<>();
  private final String lane = "lane-" + UUID.randomUUID();
  private final RedisStores stores;
  private final KafkaEventProducer producer;
  private final KafkaConfig kafka;
  private final List<WorkerProcess> workers = new ArrayList<>();
  private @Nullable EmbeddedServers own;

  public Stage(String kafkaBootstrap, String redisUri) {
    this(kafkaBootstrap, redisUri, 2);
  }

  /** A stage on servers of its own, which are closed with it. */
  public static Stage withServers() {
    return withServers(2);
  }

  /** A lane with so many partitions, on servers of its own, which are closed with it. */
  public static Stage withServers(int partitions) {
    EmbeddedServers servers = EmbeddedServers.builder().build().start();
    try {
      Stage stage = new Stage(servers.kafkaBootstrap(), servers.redisUri(), partitions);
      stage.own = servers;
      return stage;
    } catch (RuntimeException | Error e) {
      servers.close();
      throw e;
    }
  }

  /** A lane with so many partitions. */
  public Stage(String kafkaBootstrap, String redisUri, int partitions) {
    settings.put("kafka.bootstrap-servers", kafkaBootstrap);
    settings.put("kafka.topics.partitions", Integer.toString(partitions));
    settings.put("redis.uri", redisUri);
    settings.put("worker.device-type", "test");
    settings.put("worker.lane", lane);
    settings.put("worker.usd-per-hour", "3.6");
    settings.put("worker.drain-timeout", "20s");
    settings.put("worker.warm-up", "500ms");
    kafka = KafkaConfig.read(Settings.of(settings));
    try (TopicAdmin admin = new TopicAdmin(kafka)) {
      List<String> topics = new ArrayList<>(Topics.routerInput());
      topics.addAll(List.of(Topics.work(lane), Topics.OUTCOMES, Topics.DEAD_LETTERS));
      admin.ensure(topics);
    }
    stores = RedisStores.connect(RedisConfig.read(Settings.of(settings)));
    producer = new KafkaEventProducer(kafka, "stage");
  }

  /** All settings of this stage, to be added to. */
  public Map<String, String> settings() {
    return settings;
  }

  public RedisStores stores() {
    return stores;
  }

  public String lane() {
    return lane;
  }

  /** Starts a worker that runs batches in one shot. */
  public WorkerProcess worker(String id, Supplier<BatchRunner> runner) {
    return workerWith(id, () -> new OneShotEngine(runner.get(), System::nanoTime));
  }

  /** Starts a worker with this engine. */
  public WorkerProcess workerWith(String id, EngineFactory engine) {
    Map<String, String> own = new HashMap<>(settings);
    own.put("worker.id", id);
    WorkerProcess worker =
        WorkerProcess.plan(Settings.of(own)).start(engine, new SimpleMeterRegistry());
    workers.add(worker);
    return worker;
  }

  /** Starts a worker with the built-in models. */
  public WorkerProcess worker(String id) {
    Map<String, String> own = new HashMap<>(settings);
    own.put("worker.id", id);
    WorkerProcess worker = WorkerProcess.plan(Settings.of(own)).start(new SimpleMeterRegistry());
    workers.add(worker);
    return worker;
  }

  /** Appends work to the lane; returns when Kafka has it. */
  public void submit(List<WireRecord> records) throws InterruptedException {
    CountDownLatch open = new CountDownLatch(records.size());
    for (WireRecord record : records) {
      producer.send(
          Topics.work(lane),
          record,
          failure -> {
            if (failure != null) {
              throw new AssertionError(failure);
            }
            open.countDown();
          });
    }
    if (!open.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("not appended: " + open.getCount());
    }
  }

  /** Appends work to one partition of the lane, in this order. */
  public void submit(int partition, List<WireRecord> records) {
    List<KafkaProbe.Placed> placed = new ArrayList<>();
    for (WireRecord record : records) {
      Map<String, byte[]> headers = new LinkedHashMap<>();
      record.headers().forEach(h -> headers.put(h.name(), h.value()));
      placed.add(new KafkaProbe.Placed(partition, record.key(), headers, record.value()));
    }
    new KafkaProbe(settings.get("kafka.bootstrap-servers")).append(Topics.work(lane), placed);
  }

  /** The outcomes that stand; those that are missing are left out. */
  public Map<String, Outcome> outcomes(Collection<String> ids) {
    List<Address> addresses =
        ids.stream().map(id -> new Address(Requests.CLIENT, id, true, null)).toList();
    Map<String, Outcome> found = new HashMap<>();
    for (Optional<Delivered> d : stores.outcomeStore().find(addresses)) {
      d.ifPresent(o -> found.put(o.stored().id(), o.stored()));
    }
    return found;
  }

  /** The outcome of one request, or null. */
  public @Nullable Outcome outcome(String id) {
    return outcomes(List.of(id)).get(id);
  }

  /** All records of a topic whose request id starts like this, read anew. */
  public List<WireRecord> records(String topic, String idPrefix) {
    List<WireRecord> found = new ArrayList<>();
    EventConsumer consumer =
        new GroupConsumer(kafka, "reader-" + UUID.randomUUID(), List.of(topic), new NoListener());
    try {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      int empty = 0;
      while (System.nanoTime() < until && empty < 5) {
        List<Received> records = consumer.poll(Duration.ofMillis(200));
        empty = records.isEmpty() && !consumer.assigned().isEmpty() ? empty + 1 : 0;
        for (Received r : records) {
          byte[] key = r.record().key();
          if (key != null && new String(key, StandardCharsets.UTF_8).startsWith(idPrefix)) {
            found.add(r.record());
          }
        }
      }
    } finally {
      consumer.close(Duration.ofSeconds(2));
    }
    return found;
  }

  /** What the topic of outcomes holds of such requests: one outcome may be there twice, equal. */
  public Set<Outcome> published(String idPrefix) {
    return records(Topics.OUTCOMES, idPrefix).stream()
        .map(OutcomeCodec::decode)
        .collect(Collectors.toSet());
  }

  private static final class NoListener implements EventConsumer.Listener {
    @Override
    public void assigned(Collection<Slot> slots) {}

    @Override
    public void revoked(Collection<Slot> slots) {}
  }

  /** Records of the lane that no worker has committed. */
  public long lag() {
    try (TopicAdmin admin = new TopicAdmin(kafka)) {
      return admin.lag(List.of(lane)).getOrDefault(lane, 0L);
    }
  }

  @Override
  public void close() {
    workers.forEach(WorkerProcess::close);
    producer.close(Duration.ofSeconds(2));
    stores.close();
    if (own != null) {
      own.close();
    }
  }
}
