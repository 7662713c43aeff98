package dev.headrace.sdk.internal;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.HeadraceException;
import dev.headrace.sdk.SdkConfig;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.ForwardingOutcomeStore;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import dev.headrace.transport.testing.TwoStores;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A client without threads over fakes of Kafka and Redis, and a worker that answers. The test moves
 * everything step by step.
 */
final class World {
  static final String CLIENT = "client-1";
  static final String MODEL = "model";
  static final String REVISION = "r1";

  /** Of the model that the worker runs. */
  String revision = REVISION;

  static final String BIG = "x".repeat(2000);

  final FakeTime time = new FakeTime();
  final Outage outage = new Outage();
  final InMemoryOutcomeStore store = new InMemoryOutcomeStore(outage);
  final InMemoryResultCache cache = new InMemoryResultCache(time, outage);
  final InMemoryDeviceRegistry devices =
      new InMemoryDeviceRegistry(time, Duration.ofDays(365), outage);
  final FakeProducer producer = new FakeProducer();
  final TopicLog outcomes = new TopicLog(time, 7);
  final Set<String> unreadable = new HashSet<>();

  /** Whether the client's look-ups fail, while the reply stream can be read. */
  boolean findsFail;

  final ClientCore core;

  private final Delivery delivery;
  private int taken;

  World() {
    this(Map.of());
  }

  World(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("sdk.inline-bytes", "1KiB");
    all.putIfAbsent("sdk.submit-wait", "0ms");
    SdkConfig config = SdkConfig.read(Settings.of(all));
    Backends backends =
        new Backends(
            producer,
            outcomes,
            new Reading(),
            cache,
            devices,
            new InMemoryRouterRegistry(time, Duration.ofDays(365), outage),
            new FakeReplyReader(store, CLIENT),
            new dev.headrace.sdk.FakeChunkReader(),
            () -> {});
    ClientCore.Waits none = new ClientCore.Waits(Duration.ZERO, Duration.ZERO);
    core = new ClientCore(CLIENT, config, backends, time, time, none);
    core.completions().close(); // from now on completions run where they are added
    DeliveryConfig delivers = new DeliveryConfig(true, 1024, Duration.ZERO, Duration.ofMillis(200));
    delivery = new Delivery(new TwoStores(store, cache), outcomes, delivers, time);
  }

  /** The store as the client sees it: some of its outcomes cannot be read. */
  private final class Reading extends ForwardingOutcomeStore {
    Reading() {
      super(store);
    }

    @Override
    public List<Optional<Delivered>> find(List<Address> addresses) {
      if (findsFail) {
        throw new FailureException(ErrorCode.STORE_UNAVAILABLE, "fake store is slow");
      }
      if (addresses.stream().anyMatch(address -> unreadable.contains(address.id()))) {
        throw new FailureException(ErrorCode.MALFORMED_EVENT, "stored outcome: garbage");
      }
      return super.find(addresses);
    }
  }

  /** What became of one submission. */
  static final class Told implements Waiter {
    final List<Outcome> outcomes = new ArrayList<>();
    final List<HeadraceException> failures = new ArrayList<>();

    @Override
    public void ended(Outcome outcome, Duration roundTrip) {
      outcomes.add(outcome);
    }

    @Override
    public void failed(HeadraceException failure) {
      failures.add(failure);
    }

    int times() {
      return outcomes.size() + failures.size();
    }

    boolean waits() {
      return times() == 0;
    }

    Outcome outcome() {
      if (outcomes.size() != 1 || !failures.isEmpty()) {
        throw new AssertionError("expected one outcome: " + outcomes + failures);
      }
      return outcomes.get(0);
    }

    HeadraceException failure() {
      if (failures.size() != 1 || !outcomes.isEmpty()) {
        throw new AssertionError("expected one failure: " + outcomes + failures);
      }
      return failures.get(0);
    }
  }

  InferenceRequest request(String id, String text) {
    return request(id, text, null, CacheMode.USE, Duration.ofMinutes(1));
  }

  InferenceRequest request(
      String id, String text, String replyTo, CacheMode mode, Duration deadline) {
    byte[] body = EmbeddingsRequest.of(MODEL, List.of(text)).encode();
    return new InferenceRequest(
        new Address(CLIENT, id, true, replyTo),
        ClientCore.sourceOf(CLIENT),
        time.instant(),
        MODEL,
        Task.EMBEDDINGS,
        Tier.STANDARD,
        time.instant().plus(deadline),
        InferenceRequest.DEFAULT_TENANT,
        mode,
        dev.headrace.protocol.Size.ofBytes(1, text.length()),
        dev.headrace.protocol.Attempts.FIRST,
        null,
        dev.headrace.protocol.TraceContext.NONE,
        dev.headrace.protocol.Payload.inline(body),
        Terms.DEFAULT);
  }

  Told submit(InferenceRequest request) {
    return submit(request, false);
  }

  Told submit(InferenceRequest request, boolean idempotent) {
    Told told = new Told();
    core.submit(request, idempotent, told, time.getAsLong());
    return told;
  }

  /** Submits a request with this id. */
  Told submit(String id) {
    return submit(request(id, "text of " + id));
  }

  void send() {
    try {
      core.sender().run();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  void receive() {
    core.replies().run();
  }

  /** Steps of the replies thread with time between them. */
  void receiveFor(Duration duration) {
    Duration step = Duration.ofMillis(500);
    for (Duration d = Duration.ZERO; d.compareTo(duration) < 0; d = d.plus(step)) {
      time.advance(step);
      receive();
    }
  }

  List<InferenceRequest> sent() {
    return producer.records(Topics.requests(Tier.STANDARD)).stream().map(this::decode).toList();
  }

  private InferenceRequest decode(WireRecord record) {
    Decoded decoded = RequestCodec.decode(record, Tier.STANDARD, Instant.EPOCH);
    if (decoded instanceof Decoded.Valid valid) {
      return valid.request();
    }
    throw new AssertionError("the client sent a record that cannot be read: " + decoded);
  }

  /** The worker takes what was sent since the last time, and begins to deliver the results. */
  int work() {
    return work(request -> delivery.outcome(result(request), () -> {}));
  }

  int work(Consumer<InferenceRequest> handler) {
    List<WireRecord> all = producer.records(Topics.requests(Tier.STANDARD));
    int from = taken;
    taken = all.size();
    all.subList(from, all.size()).stream().map(this::decode).forEach(handler);
    delivery.runOnce();
    delivery.runOnce();
    return all.size() - from;
  }

  Outcome result(InferenceRequest request) {
    String body = "result of " + request.id();
    if (request.payload().reference() != null) {
      body += "y".repeat(5000);
    }
    return result(request, body);
  }

  Outcome result(InferenceRequest request, String body) {
    Map<String, String> details = new LinkedHashMap<>(Outcomes.identity(request));
    details.put(Detail.CACHE, "miss");
    details.put(Detail.REVISION, revision);
    return new Outcome(
        request.address(),
        Status.OK,
        null,
        time.instant(),
        "/headrace/workers/w1",
        details,
        body.getBytes(StandardCharsets.UTF_8),
        request.trace());
  }

  /** Puts a result for this text into the cache. */
  void cacheResult(String text) {
    InferenceRequest other = request("other", text);
    String key = CacheKey.of(MODEL, REVISION, Task.EMBEDDINGS, other.payload().bytes());
    cache.settle(key, "other/other", result(other, "cached result"));
  }

  void worker(String id, String revision, WorkerState state) {
    ServiceCurve curve = new ServiceCurve(0.001, 0, 0, 0, 0);
    devices.publish(
        new DeviceReport(
            id,
            "cpu",
            "cpu",
            "",
            0.1,
            state,
            time.instant(),
            0,
            0,
            0,
            0,
            0,
            Map.of(MODEL, new ModelReport(revision, Set.of(Task.EMBEDDINGS), curve, 1))));
  }

  static String text(Outcome outcome) {
    return new String(outcome.body(), StandardCharsets.UTF_8);
  }
}
