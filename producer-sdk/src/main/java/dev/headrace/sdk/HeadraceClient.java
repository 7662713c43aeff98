package dev.headrace.sdk;

import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.sdk.internal.Backends;
import dev.headrace.sdk.internal.ClientCore;
import dev.headrace.sdk.internal.RequestIds;
import dev.headrace.sdk.internal.TextAssembly;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaEventProducer;
import dev.headrace.transport.kafka.KafkaOutcomeTail;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Submits requests and brings their outcomes. Thread-safe; make one per program and close it.
 *
 * <p>{@link #submit} does no I/O: it checks the request, puts it into a bounded queue and returns a
 * future. What is wrong with a request itself is thrown ({@link InvalidRequestException}), and so
 * is the use of a closed client; all else comes through the future. Every future completes: with
 * the outcome, or with a {@link HeadraceException} at the latest when the deadline and the grace
 * after it ({@code sdk.grace}) are over. The package's page says on which thread.
 *
 * <p>A request that was accepted goes on when this client ends. With a fixed client id the next
 * client finds its outcome with {@link #result}, or by submitting it again with the same
 * idempotency key.
 */
public final class HeadraceClient implements AutoCloseable {
  private static final int MAX_ID = 256;

  private final String clientId;
  private final SdkConfig config;
  private final Admission admission;
  private final ClientCore core;
  private final LongSupplier nanos;

  private HeadraceClient(
      String clientId, SdkConfig config, Admission admission, ClientCore core, LongSupplier nanos) {
    this.clientId = clientId;
    this.config = config;
    this.admission = admission;
    this.core = core;
    this.nanos = nanos;
  }

  /** Collects settings; those that are not set have their defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A running client with these settings. Neither Kafka nor Redis must be there yet.
   *
   * @throws dev.headrace.protocol.FailureException if an address does not resolve
   */
  public static HeadraceClient open(SdkConfig sdk, KafkaConfig kafka, RedisConfig redis) {
    String client = sdk.client().isEmpty() ? UUID.randomUUID().toString() : sdk.client();
    Backends backends = connect(client, kafka, redis);
    return start(client, sdk, backends, InstantSource.system(), System::nanoTime);
  }

  private static Backends connect(String client, KafkaConfig kafka, RedisConfig redis) {
    String name = "headrace-sdk-" + client;
    EventProducer producer = new KafkaEventProducer(kafka, name);
    try {
      RedisStores stores = RedisStores.connect(redis);
      return new Backends(
          producer,
          KafkaOutcomeTail.at(kafka, name),
          stores.outcomeStore(),
          stores.resultCache(),
          stores.deviceRegistry(),
          stores.routerRegistry(),
          stores.replyReader(client, "0"),
          stores.chunkReader(client),
          stores::close);
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
  }

  /** A running client over these; closed with it. */
  static HeadraceClient start(
      String clientId,
      SdkConfig config,
      Backends backends,
      InstantSource clock,
      LongSupplier nanos) {
    RequestIds ids = new RequestIds(clock, () -> ThreadLocalRandom.current().nextLong());
    Admission admission = new Admission(clientId, config, clock, ids);
    ClientCore core = new ClientCore(clientId, config, backends, clock, nanos);
    core.start();
    return new HeadraceClient(clientId, config, admission, core, nanos);
  }

  /** The name under which this client's outcomes are kept. */
  public String clientId() {
    return clientId;
  }

  /**
   * Submits a request. Waits for room in the client if there is none, at most {@code
   * sdk.submit-wait}; then the future has failed with {@link OverloadedException}.
   *
   * @throws InvalidRequestException if the request is wrong; nothing is sent
   * @throws ClientClosedException if this client is closed
   */
  public PendingResult submit(Request request) {
    return submit(admission.admit(request), waitUntil());
  }

  /**
   * Submits requests. All are checked before the first is sent; together they wait for room as long
   * as one.
   *
   * @return in the order of the requests
   * @throws InvalidRequestException if one of them is wrong; then none is sent
   * @throws ClientClosedException if this client is closed
   */
  public List<PendingResult> submitAll(Collection<Request> requests) {
    List<Admission.Admitted> admitted = requests.stream().map(admission::admit).toList();
    List<PendingResult> results = new ArrayList<>(admitted.size());
    long until = waitUntil();
    for (Admission.Admitted one : admitted) {
      results.add(submit(one, until));
    }
    return results;
  }

  /**
   * What a request would come to if it were submitted now: nothing is sent. Waits for Redis, at
   * most its timeout.
   *
   * @return empty when no worker that is ready can run it
   * @throws InvalidRequestException if the request is wrong
   * @throws StoreUnavailableException if Redis does not answer
   * @throws ClientClosedException if this client is closed
   */
  public Optional<Estimate> estimate(Request request) {
    return core.forecast(admission.admit(request).request())
        .map(
            f ->
                new Estimate(
                    f.lane().deviceType(),
                    seconds(f.waitSeconds()),
                    seconds(f.finishSeconds()),
                    f.usd(),
                    f.inTime()));
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) Math.min(seconds * 1e9, Long.MAX_VALUE));
  }

  private long waitUntil() {
    return nanos.getAsLong() + config.submitWait().toNanos();
  }

  private PendingResult submit(Admission.Admitted one, long until) {
    PendingResult result = new PendingResult(one.request().id(), core::cancelSoon);
    submit(one, result, until);
    return result;
  }

  private void submit(Admission.Admitted one, PendingResult result, long until) {
    try {
      core.submit(one.request(), one.idempotent(), result.waiter(), until);
    } catch (OverloadedException e) {
      result.completeExceptionally(e);
    } catch (ClientClosedException e) {
      core.readNoMore(result.id());
      throw e;
    }
  }

  /**
   * Submits a request for text and reads along while it is generated. The result may come from the
   * cache, or from an identical request that runs already; then the text comes in one piece.
   *
   * @throws InvalidRequestException if the request is wrong, or not for text; nothing is sent
   * @throws ClientClosedException if this client is closed
   */
  public TextStream stream(Request request) {
    Admission.Admitted one = admission.admit(request.streamed());
    PendingResult result = new PendingResult(one.request().id(), core::cancelSoon);
    TextAssembly assembly = new TextAssembly();
    TextStream stream = new TextStream(result, assembly, core::complete);
    core.readAlong(
        result.id(),
        (offset, chunk) -> {
          assembly.piece(offset, chunk);
          stream.more();
        });
    var ignored =
        result.whenComplete(
            (ended, failure) -> {
              core.readNoMore(result.id());
              end(stream, ended, failure);
            });
    submit(one, result, waitUntil());
    return stream;
  }

  private static void end(
      TextStream stream, @Nullable InferenceResult ended, @Nullable Throwable failure) {
    if (ended == null) {
      stream.end(failure);
    } else {
      stream.ended(ended.outcome(), ended.isOk() ? null : new InferenceException(ended));
    }
  }

  /**
   * The outcome of a request of this client id, also of one that was submitted by an earlier
   * process; empty while it has none, and when outcomes are no longer kept. Waits for Redis, at
   * most its timeout.
   *
   * @throws StoreUnavailableException if Redis does not answer
   * @throws ClientClosedException if this client is closed
   */
  public Optional<InferenceResult> result(String id) {
    return core.find(requireId(id)).map(outcome -> new InferenceResult(outcome, null));
  }

  /** What the result cache did for this client; at once, from memory. */
  public CacheStats cacheStats() {
    return core.cacheStats();
  }

  /**
   * Cancels a request of this client id: if it has no outcome yet, its outcome is CANCELLED, and
   * its future completes with that. A device that is at it may still finish; the result is dropped.
   * Waits for Redis, at most its timeout.
   *
   * @return whether it is cancelled; false when another outcome was first. An id that was never
   *     submitted counts as one without an outcome
   * @throws StoreUnavailableException if Redis does not answer; it may be cancelled all the same
   * @throws ClientClosedException if this client is closed
   */
  public boolean cancel(String id) {
    return core.cancel(requireId(id)).status() == Status.CANCELLED;
  }

  private static String requireId(String id) {
    if (id.isEmpty() || id.length() > MAX_ID || id.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "id: " + id.length() + " characters (expected: the id of a request, 1.." + MAX_ID + ")");
    }
    return id;
  }

  /**
   * Takes no more requests, waits for those that are taken to be sent, but not for their outcomes,
   * and fails the futures that are left with {@link ClientClosedException}. Takes about this long
   * at most; does nothing the second time.
   */
  public void close(Duration timeout) {
    core.close(timeout);
  }

  /** Closes within {@code sdk.close-timeout}. */
  @Override
  public void close() {
    close(config.closeTimeout());
  }

  /** The settings of a client. All of them are checked by {@link #build}, at once. */
  public static final class Builder {
    private final Map<String, String> values = new LinkedHashMap<>();
    private @Nullable Settings base;

    private Builder() {}

    /**
     * The settings of a program, of which those of {@code sdk.}, {@code kafka.} and {@code redis.}
     * are read. What else this builder is given counts over them.
     */
    public Builder settings(Settings settings) {
      base = settings;
      return this;
    }

    /**
     * Kafka's brokers as {@code host:port}, with commas between them; 127.0.0.1:9092 by default.
     */
    public Builder bootstrapServers(String servers) {
      return set("kafka.bootstrap-servers", servers);
    }

    /** Where Redis is, as {@code redis://host:port}; redis://127.0.0.1:6379 by default. */
    public Builder redisUri(String uri) {
      return set("redis.uri", uri);
    }

    /** The name under which outcomes are kept; a new one by default. */
    public Builder clientId(String id) {
      return set("sdk.client-id", id);
    }

    /** The tenant of requests that name none. */
    public Builder tenant(String tenant) {
      return set("sdk.tenant", tenant);
    }

    /** The tier of requests that name none; standard by default. */
    public Builder defaultTier(Tier tier) {
      return set("sdk.tier", tier.wireName());
    }

    /** How long submit may wait for room; 10 s by default. */
    public Builder submitWait(Duration wait) {
      return set("sdk.submit-wait", wait.toMillis() + "ms");
    }

    /** How long Kafka may take to acknowledge a request; 30 s by default. */
    public Builder sendTimeout(Duration timeout) {
      return set("sdk.send-timeout", timeout.toMillis() + "ms");
    }

    /** How long to wait for an outcome after the deadline; 30 s by default. */
    public Builder grace(Duration grace) {
      return set("sdk.grace", grace.toMillis() + "ms");
    }

    /** How long {@link HeadraceClient#close()} may take; 10 s by default. */
    public Builder closeTimeout(Duration timeout) {
      return set("sdk.close-timeout", timeout.toMillis() + "ms");
    }

    /** Any setting of {@code sdk.}, {@code kafka.} or {@code redis.}, as in the documentation. */
    public Builder set(String key, String value) {
      values.put(key, value);
      return this;
    }

    /**
     * Starts the client. Neither Kafka nor Redis must be there yet.
     *
     * @throws dev.headrace.protocol.config.ConfigException with all that is wrong
     */
    public HeadraceClient build() {
      Settings given = base;
      Settings settings = given == null ? Settings.of(values) : given.with(values);
      SdkConfig sdk = SdkConfig.read(settings);
      KafkaConfig kafka = KafkaConfig.read(settings);
      RedisConfig redis = RedisConfig.read(settings);
      if (given == null) {
        settings.requireValid(List.of());
      } else {
        settings.requireRead();
      }
      return open(sdk, kafka, redis);
    }
  }
}
