package dev.headrace.sdk;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.sdk.internal.Backends;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.ReplyReader;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Fakes of Kafka and Redis for a client with its threads and the real time. */
final class FakeServers {
  final FakeProducer producer = new FakeProducer();
  final InMemoryOutcomeStore store = new InMemoryOutcomeStore();
  final Outage registryOutage = new Outage();
  final InMemoryDeviceRegistry devices =
      new InMemoryDeviceRegistry(System::nanoTime, Duration.ofDays(1), registryOutage);
  final InMemoryRouterRegistry routers =
      new InMemoryRouterRegistry(System::nanoTime, Duration.ofDays(1), registryOutage);
  final AtomicInteger closedConnections = new AtomicInteger();
  private int answered;

  HeadraceClient client(Map<String, String> settings) {
    return client(settings, new Connection(), store);
  }

  HeadraceClient client(Map<String, String> settings, EventProducer kafka, OutcomeStore outcomes) {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("sdk.close-timeout", "5s");
    Backends backends =
        new Backends(
            kafka,
            (topics, from) -> {
              throw new AssertionError("Kafka is not to be read");
            },
            outcomes,
            new InMemoryResultCache(System::nanoTime),
            devices,
            routers,
            new Replies(store),
            new FakeChunkReader(),
            closedConnections::incrementAndGet);
    SdkConfig config = SdkConfig.read(Settings.of(all));
    return HeadraceClient.start("me", config, backends, InstantSource.system(), System::nanoTime);
  }

  /** One client's connection to Kafka: closing it leaves Kafka as it is. */
  private final class Connection implements EventProducer {
    @Override
    public void send(String topic, WireRecord record, Callback callback) {
      producer.send(topic, record, callback);
    }

    @Override
    public void close(Duration timeout) {}
  }

  /** Waits as Redis does, until it is closed, but looks every millisecond. */
  private static final class Replies implements ReplyReader {
    private final InMemoryOutcomeStore store;
    private volatile boolean closed;
    private int position;

    Replies(InMemoryOutcomeStore store) {
      this.store = store;
    }

    @Override
    public List<String> read(Duration wait) {
      long until = System.nanoTime() + wait.toNanos();
      do {
        List<String> all = store.replies("me");
        if (all.size() > position) {
          List<String> fresh = all.subList(position, all.size());
          position = all.size();
          return fresh;
        }
        LockSupport.parkNanos(1_000_000);
      } while (!closed && System.nanoTime() - until < 0);
      return List.of();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  List<InferenceRequest> sent() {
    return producer.records(Topics.requests(Tier.STANDARD)).stream()
        .map(r -> ((Decoded.Valid) RequestCodec.decode(r, Tier.STANDARD, Instant.EPOCH)).request())
        .toList();
  }

  /** Delivers results for what was sent since the last time. */
  void answer() {
    List<InferenceRequest> all = sent();
    for (InferenceRequest request : all.subList(answered, all.size())) {
      answer(request);
    }
    answered = all.size();
  }

  void answer(InferenceRequest request) {
    store.deliver(
        List.of(
            new Outcome(
                request.address(),
                Status.OK,
                null,
                Instant.now(),
                "/worker",
                Outcomes.identity(request),
                new byte[0],
                request.trace())));
  }
}
