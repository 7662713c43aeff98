package dev.headrace.cli.stack;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.cli.http.HttpEndpoint;
import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.router.loop.RouterHealth;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaOutcomeTail;
import dev.headrace.transport.kafka.OutcomeTail;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.loop.WorkerHealth;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Broker, Redis, one router and two workers in this JVM, all on 127.0.0.1. */
public final class LocalStack implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final Duration STEP = Duration.ofMillis(50);
  private static final JsonMapper MAPPER = new JsonMapper();

  /**
   * The device types: one core each, at the same price, as half of a rented machine with two (AWS
   * c7i.large on demand, us-east-1, 0.0893 USD an hour in 2025). int8 is the cheaper one because it
   * needs less time for the same work.
   */
  private static final List<Map<String, String>> WORKERS =
      List.of(
          Map.of(
              "worker.precision", "int8", "worker.threads", "1", "worker.usd-per-hour", "0.0446"),
          Map.of(
              "worker.precision", "fp32", "worker.threads", "1", "worker.usd-per-hour", "0.0446"));

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Instant startedAt = Instant.now();
  private final Map<String, String> given;
  private final EmbeddedServers servers;
  private final List<WorkerProcess> workers = new ArrayList<>();
  private final RouterApp router;

  private LocalStack(Map<String, String> given, boolean stopsServersOnExit) {
    this.given = Map.copyOf(given);
    servers = EmbeddedServers.builder().shutdownHook(stopsServersOnExit).build().start();
    router = startRouter();
  }

  /**
   * Starts everything and waits until both workers take work. When the JVM ends before the stack is
   * closed, the servers go at once.
   *
   * @param given settings over the defaults of router and workers
   * @throws IllegalStateException when a part does not come up
   */
  public static LocalStack start(Map<String, String> given) {
    return start(given, true);
  }

  /**
   * The same for a caller that closes the stack when the JVM is asked to end: the servers then stop
   * last, and nobody misses them.
   */
  public static LocalStack startForOrderlyEnd(Map<String, String> given) {
    return start(given, false);
  }

  private static LocalStack start(Map<String, String> given, boolean stopsServersOnExit) {
    LocalStack stack = new LocalStack(given, stopsServersOnExit);
    try {
      for (Map<String, String> worker : WORKERS) {
        stack.startWorker(worker);
      }
      stack.awaitReady();
      return stack;
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  private RouterApp startRouter() {
    try {
      Settings settings = settings();
      RouterConfig config = RouterConfig.read(settings);
      RouterApp app = new RouterApp(config, registry);
      app.start();
      return app;
    } catch (RuntimeException e) {
      servers.close();
      throw e;
    }
  }

  private void startWorker(Map<String, String> own) {
    Map<String, String> values = new HashMap<>(own);
    values.putAll(settingsMap());
    // A name that was given is for both, and no two workers may have one.
    values.computeIfPresent("worker.id", (key, id) -> id + "-" + workers.size());
    workers.add(WorkerProcess.plan(Settings.of(values)).start(registry));
  }

  private void awaitReady() {
    long until = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!workers.stream().allMatch(w -> w.app().health().ready())) {
      if (failed()) {
        throw new IllegalStateException("a worker failed at its start", failure());
      }
      if (System.nanoTime() - until > 0) {
        throw new IllegalStateException("the workers are not ready after " + START_TIMEOUT);
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
  }

  private Throwable failure() {
    for (WorkerProcess worker : workers) {
      Throwable failure = worker.app().failure();
      if (failure != null) {
        return failure;
      }
    }
    return new IllegalStateException("router: " + router.health());
  }

  /** Whether a part ended that should run. */
  public boolean failed() {
    return router.health().state() == RouterHealth.State.DOWN
        || workers.stream().anyMatch(w -> w.app().failure() != null);
  }

  /** Waits until this is asked for or a part fails. */
  public void awaitEnd(BooleanSupplier requested) {
    while (!requested.getAsBoolean() && !failed()) {
      LockSupport.parkNanos(STEP.toNanos());
    }
  }

  /** Where Kafka and Redis are, as settings. */
  public Map<String, String> addresses() {
    Map<String, String> addresses = new TreeMap<>();
    addresses.put("kafka.bootstrap-servers", servers.kafkaBootstrap());
    addresses.put("redis.uri", servers.redisUri());
    return addresses;
  }

  /** The settings that were given, with the addresses. */
  public Settings settings() {
    return Settings.of(settingsMap());
  }

  private Map<String, String> settingsMap() {
    Map<String, String> values = new HashMap<>(given);
    values.putAll(addresses());
    return values;
  }

  /** A client of this stack. */
  public HeadraceClient client(String id) {
    return HeadraceClient.builder()
        .bootstrapServers(servers.kafkaBootstrap())
        .redisUri(servers.redisUri())
        .clientId(id)
        .build();
  }

  /** Answers HTTP with the health and the metrics of all parts. */
  public HttpEndpoint http(String address, int port) throws IOException {
    return new HttpEndpoint(address, port, this::health, registry).withScaling(router::demand);
  }

  private HttpEndpoint.Health health() {
    RouterHealth routerHealth = router.health();
    Map<String, Object> parts = new LinkedHashMap<>();
    boolean up = routerHealth.state() == RouterHealth.State.UP;
    parts.put("status", "UP");
    parts.put("router", routerHealth.state());
    List<String> reasons = new ArrayList<>(routerHealth.reasons());
    Instant now = Instant.now();
    for (WorkerProcess worker : workers) {
      WorkerHealth health = worker.app().health();
      up &= health.ready() && !health.hangs(now);
      parts.put(worker.deviceType(), health.state());
      health.troubles(now).forEach(trouble -> reasons.add(worker.deviceType() + ": " + trouble));
    }
    if (!up) {
      parts.put("status", "DEGRADED");
    }
    parts.put("reasons", reasons);
    return new HttpEndpoint.Health(up, MAPPER.valueToTree(parts).toString());
  }

  /** The dead letters so far, by error code. */
  public Map<String, Integer> deadLetters() {
    Map<String, Integer> byCode = new TreeMap<>();
    KafkaConfig kafka = KafkaConfig.read(settings());
    try (OutcomeTail tail =
        KafkaOutcomeTail.at(kafka, "headrace-demo").open(Set.of(Topics.DEAD_LETTERS), startedAt)) {
      boolean more = true;
      while (more) {
        more = !tail.caughtUp();
        for (WireRecord letter : tail.poll(STEP)) {
          byCode.merge(DeadLetter.text(letter, DeadLetter.ERROR_CODE, "unknown"), 1, Integer::sum);
        }
      }
    }
    return byCode;
  }

  /** Stops workers, router and servers, in this order. */
  @Override
  public void close() {
    workers.forEach(WorkerProcess::close);
    router.close();
    servers.close();
    registry.close();
  }
}
