package dev.headrace.sdk;

import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.delivery.DeliveryConfig;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Router and worker in one, for tests: takes requests from the tier topics and delivers results as
 * a worker does. An embedding is the length of its text; the class is the first label.
 */
final class EchoWorker implements AutoCloseable {
  static final String REVISION = "r1";
  private static final Duration POLL = Duration.ofMillis(20);

  private final RedisStores redis;
  private final KafkaEventProducer producer;
  private final EventConsumer consumer;
  private final Delivery delivery;
  private final String model;
  private final Thread thread;
  private final ArrayDeque<Received> todo = new ArrayDeque<>();
  private final AtomicInteger seen = new AtomicInteger();
  private volatile boolean paused;
  private volatile boolean stopped;
  private Instant reportAt = Instant.EPOCH;

  EchoWorker(String bootstrap, String redisUri, String model) {
    Settings settings =
        Settings.of(
            Map.of(
                "kafka.bootstrap-servers",
                bootstrap,
                "redis.uri",
                redisUri,
                "redis.timeout",
                "1s",
                "kafka.topics.partitions",
                "2"));
    KafkaConfig kafka = KafkaConfig.read(settings);
    this.model = model;
    try (TopicAdmin admin = new TopicAdmin(kafka)) {
      List<String> topics = new ArrayList<>(Topics.routerInput());
      topics.add(Topics.OUTCOMES);
      admin.ensure(topics);
    }
    redis = RedisStores.connect(RedisConfig.read(settings));
    producer = new KafkaEventProducer(kafka, "echo");
    List<String> tiers = Arrays.stream(Tier.values()).map(Topics::requests).toList();
    consumer = new GroupConsumer(kafka, "echo", tiers, new Revoking());
    DeliveryConfig delivers = DeliveryConfig.read(settings);
    delivery = new Delivery(redis.deliveryStore(), producer, delivers, System::nanoTime);
    thread = new Thread(this::run, "echo-worker");
    thread.start();
  }

  /** What is revoked comes again. */
  private final class Revoking implements EventConsumer.Listener {
    @Override
    public void assigned(Collection<Slot> slots) {}

    @Override
    public void revoked(Collection<Slot> slots) {
      todo.removeIf(received -> slots.contains(received.slot()));
    }
  }

  /** From now on requests are taken, not answered. */
  void pause() {
    paused = true;
  }

  void resume() {
    paused = false;
  }

  /** Requests that came through Kafka. */
  int seen() {
    return seen.get();
  }

  private void run() {
    while (!stopped) {
      step();
    }
    while (delivery.pending() > 0 && !paused) {
      delivery.runOnce();
    }
    consumer.close(Duration.ofSeconds(2));
    producer.close(Duration.ofSeconds(2));
    redis.close();
  }

  private void step() {
    try {
      for (Received received : consumer.poll(POLL)) {
        seen.incrementAndGet();
        todo.add(received);
      }
      report();
      while (!paused && !todo.isEmpty()) {
        answer(todo.getFirst());
        todo.removeFirst();
      }
      consumer.commit();
    } catch (FailureException e) {
      // Kafka or Redis is away: the same again in the next step
    }
    delivery.runOnce();
  }

  private void report() {
    if (Instant.now().isBefore(reportAt)) {
      return;
    }
    ModelReport served =
        new ModelReport(REVISION, Set.of(Task.values()), new ServiceCurve(0.001, 0, 0, 0, 0), 1);
    redis
        .deviceRegistry()
        .publish(
            new DeviceReport(
                "echo",
                "echo",
                "echo",
                "",
                0,
                WorkerState.READY,
                Instant.now(),
                0,
                0,
                0,
                0,
                0,
                Map.of(model, served)));
    reportAt = Instant.now().plusSeconds(1);
  }

  private void answer(Received received) {
    InferenceRequest request =
        ((Decoded.Valid) RequestCodec.decode(received.record(), Tier.STANDARD, Instant.now()))
            .request();
    Optional<Delivered> standing = redis.outcomeStore().find(List.of(request.address())).get(0);
    if (standing.isPresent()) {
      delivery.standing(standing.get(), () -> consumer.acknowledge(received));
      return;
    }
    Outcome outcome = result(request);
    if (request.cacheMode() == CacheMode.USE && request.payload().reference() == null) {
      byte[] body = request.payload().bytes();
      String key = CacheKey.of(request.model(), REVISION, request.task(), body);
      redis.resultCache().settle(key, "echo/" + request.id(), outcome);
    }
    delivery.outcome(outcome, () -> consumer.acknowledge(received));
  }

  private Outcome result(InferenceRequest request) {
    String reference = request.payload().reference();
    byte[] body =
        reference == null
            ? request.payload().bytes()
            : redis.outcomeStore().blob(reference).orElseThrow();
    Map<String, String> details = Outcomes.identity(request);
    details.put(Detail.CACHE, "miss");
    details.put(Detail.DEVICE_TYPE, "echo");
    return new Outcome(
        request.address(),
        Status.OK,
        null,
        Instant.now(),
        "/headrace/workers/echo",
        details,
        response(request.task(), body),
        request.trace());
  }

  private static byte[] response(Task task, byte[] body) {
    if (task == Task.EMBEDDINGS) {
      EmbeddingsRequest asked = EmbeddingsRequest.parse(body, BodyLimits.DEFAULT);
      // A wide vector for a text that says so: results above a limit travel by reference.
      List<float[]> vectors =
          asked.input().stream()
              .map(text -> Arrays.copyOf(new float[] {text.length()}, width(text)))
              .toList();
      return new EmbeddingsResponse(asked.model(), vectors, 1).encode(VectorEncoding.BASE64);
    }
    ClassificationsRequest asked = ClassificationsRequest.parse(body, BodyLimits.DEFAULT);
    String first = asked.labels().get(0).name();
    List<ClassificationsResponse.Score> scores =
        List.of(new ClassificationsResponse.Score(first, 1));
    return new ClassificationsResponse(
            asked.model(),
            asked.input().stream()
                .map(text -> new ClassificationsResponse.Result(first, scores))
                .toList(),
            1)
        .encode();
  }

  private static int width(String text) {
    return text.startsWith("wide") ? 200_000 : 1;
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(20_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
