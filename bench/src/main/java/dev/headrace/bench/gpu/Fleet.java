package dev.headrace.bench.gpu;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.Request;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.device.EngineFactory;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A router and several workers with broker and Redis, all in this process, and a client. */
final class Fleet implements AutoCloseable {
  private static final long STEP_NANOS = 20_000_000L;
  private static final Duration START = Duration.ofMinutes(2);

  /** Clients that submit, each from a thread of its own (chosen). */
  private static final int CLIENTS = 4;

  private static final Duration ANSWER = Duration.ofMinutes(1);

  private final EmbeddedServers servers;
  private final RouterApp router;
  private final List<WorkerProcess> workers = new ArrayList<>();
  private final List<HeadraceClient> clients = new ArrayList<>();
  private final List<SimpleMeterRegistry> registries = new ArrayList<>();

  /**
   * One worker.
   *
   * @param settings over the defaults
   * @param engine its engine; null for the one that the settings name
   */
  record Member(Map<String, String> settings, @Nullable EngineFactory engine) {}

  Fleet(List<Member> members) {
    servers = EmbeddedServers.builder().build().start();
    Map<String, String> links =
        Map.of(
            "kafka.bootstrap-servers", servers.kafkaBootstrap(), "redis.uri", servers.redisUri());
    router = new RouterApp(RouterConfig.read(Settings.of(links)), new SimpleMeterRegistry());
    router.start();
    for (Member member : members) {
      Map<String, String> values = new HashMap<>(links);
      values.putAll(member.settings());
      WorkerProcess.Plan plan = WorkerProcess.plan(Settings.of(values));
      EngineFactory engine = member.engine();
      SimpleMeterRegistry registry = new SimpleMeterRegistry();
      registries.add(registry);
      workers.add(engine == null ? plan.start(registry) : plan.start(engine, registry));
    }
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(HeadraceClient.builder().settings(Settings.of(links)).build());
    }
    workers.forEach(Fleet::awaitReady);
  }

  private static void awaitReady(WorkerProcess worker) {
    long until = System.nanoTime() + START.toNanos();
    while (!worker.app().health().ready()) {
      if (System.nanoTime() - until > 0) {
        throw new IllegalStateException(
            worker.deviceType() + " is not ready after " + START + ": " + worker.app().failure());
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  /** The worker of a number. */
  WorkerProcess worker(int index) {
    return workers.get(index);
  }

  /** What the workers' counters of a name add up to. */
  double count(String name) {
    return registries.stream()
        .flatMap(r -> r.find("headrace.worker." + name).counters().stream())
        .mapToDouble(Counter::count)
        .sum();
  }

  /** What the workers' gauges of a name add up to. */
  double gauge(String name) {
    return registries.stream()
        .flatMap(r -> r.find("headrace.worker." + name).gauges().stream())
        .mapToDouble(Gauge::value)
        .sum();
  }

  /** Submits all, in turns from several clients, and waits for their outcomes. */
  FleetRun run(String model, List<List<String>> requests, int inFlight)
      throws InterruptedException {
    FleetRun run = new FleetRun();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    FleetLoad load = FleetLoad.start(registries);
    long started = System.nanoTime();
    try {
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int first = i;
        tasks.add(() -> submit(first, model, requests, Math.max(1, inFlight / CLIENTS), run));
      }
      for (Future<Boolean> task : threads.invokeAll(tasks)) {
        task.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdown();
    }
    run.end((System.nanoTime() - started) / 1e9, load.end());
    return run;
  }

  private boolean submit(
      int first, String model, List<List<String>> requests, int inFlight, FleetRun run)
      throws InterruptedException {
    Semaphore free = new Semaphore(inFlight);
    for (int i = first; i < requests.size(); i += CLIENTS) {
      List<String> texts = requests.get(i);
      acquire(free, 1, run);
      CompletableFuture<?> unused =
          clients
              .get(first)
              .submit(Request.embed(model, texts).cache(CacheMode.BYPASS))
              .whenComplete(
                  (result, failure) -> {
                    run.add(texts.size(), result, failure);
                    free.release();
                  });
    }
    acquire(free, inFlight, run);
    return true;
  }

  private static void acquire(Semaphore free, int permits, FleetRun run)
      throws InterruptedException {
    if (!free.tryAcquire(permits, ANSWER.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("no outcome within " + ANSWER + " (" + run + ")");
    }
  }

  @Override
  public void close() {
    clients.forEach(HeadraceClient::close);
    workers.forEach(WorkerProcess::close);
    router.close();
    servers.close();
  }
}
