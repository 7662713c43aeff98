package dev.headrace.bench.pipeline;

import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.Request;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.OneShotEngine;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** SDK → Kafka → router → Kafka → worker → Redis → SDK. */
public final class HeadracePipeline implements Pipeline {
  private static final long STEP_NANOS = 20_000_000L;
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration ANSWER = Duration.ofMinutes(3);

  private final String model;
  private final CacheMode cache;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final RouterApp router;
  private final WorkerProcess worker;
  private final HeadraceClient client;

  /** With a device that does nothing. */
  static HeadracePipeline withoutDevice(String bootstrap, String redis, Map<String, String> given) {
    EngineFactory engine = () -> new OneShotEngine(new NoOpRunner(), System::nanoTime);
    return new HeadracePipeline(NoOpRunner.MODEL, CacheMode.USE, bootstrap, redis, given, engine);
  }

  /** With a model on the CPU; the same text may be asked for again, and is run again. */
  public static HeadracePipeline withModel(
      String model, String bootstrap, String redis, Map<String, String> given) {
    Map<String, String> values = new HashMap<>(given);
    values.put("worker.models", model);
    return new HeadracePipeline(model, CacheMode.BYPASS, bootstrap, redis, values, null);
  }

  private HeadracePipeline(
      String model,
      CacheMode cache,
      String bootstrap,
      String redis,
      Map<String, String> given,
      @Nullable EngineFactory engine) {
    this.model = model;
    this.cache = cache;
    Map<String, String> values = new HashMap<>();
    values.put("kafka.bootstrap-servers", bootstrap);
    values.put("redis.uri", redis);
    values.put("worker.device-type", "none");
    values.put("worker.usd-per-hour", "1");
    values.putAll(given);
    Settings settings = Settings.of(values);
    router = new RouterApp(RouterConfig.read(settings), registry);
    router.start();
    WorkerProcess.Plan plan = WorkerProcess.plan(settings);
    worker = engine == null ? plan.start(registry) : plan.start(engine, registry);
    client = HeadraceClient.builder().settings(settings).build();
    awaitReady();
  }

  private void awaitReady() {
    long until = System.nanoTime() + START.toNanos();
    while (!worker.app().health().ready()) {
      if (System.nanoTime() - until > 0) {
        throw new IllegalStateException("the worker is not ready after " + START);
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  /** Seconds in which the device ran batches, and how many rows and batches it ran. */
  record Device(double busySeconds, double rows, long batches) {
    Device since(Device before) {
      return new Device(
          busySeconds - before.busySeconds, rows - before.rows, batches - before.batches);
    }
  }

  /** What the device has done so far. */
  Device device() {
    DistributionSummary rows = registry.get("headrace.worker.batch.rows").summary();
    double busy = registry.get("headrace.worker.device.busy.seconds").counter().count();
    return new Device(busy, rows.totalAmount(), rows.count());
  }

  /**
   * As {@link #run}, but any texts may be alike.
   *
   * @return when each answer came, by {@link System#nanoTime}, ascending
   */
  long[] completions(List<String> texts, int inFlight) throws InterruptedException {
    Answers answers = embed(texts, inFlight);
    Arrays.sort(answers.at());
    return answers.at();
  }

  /** Steps of a model that generates, the texts that got a token in them, prompts' tokens. */
  public record Steps(long count, double texts, double promptTokens) {
    /** What was added since. */
    public Steps since(Steps before) {
      return new Steps(
          count - before.count, texts - before.texts, promptTokens - before.promptTokens);
    }

    /** Texts in a step, on average. */
    public double textsPerStep() {
      return texts / count;
    }

    /** Tokens of prompts in a step, on average. */
    public double promptTokensPerStep() {
      return promptTokens / count;
    }
  }

  /** Requests by where they are; the worker's are those that run and those that wait there. */
  public record Places(double router, double lane, double worker) {}

  /** Where the requests are now, as the meters say. */
  public Places places() {
    return new Places(
        gauges("headrace.router.buffered.requests"),
        gauges("headrace.router.lane.records"),
        gauges("headrace.worker.in.flight"));
  }

  private double gauges(String name) {
    return registry.find(name).gauges().stream().mapToDouble(Gauge::value).sum();
  }

  /** What the model has generated so far. */
  public Steps steps() {
    DistributionSummary texts = registry.get("headrace.worker.step.texts").summary();
    double prompts = registry.get("headrace.worker.step.prompt.tokens").counter().count();
    return new Steps(texts.count(), texts.totalAmount(), prompts);
  }

  @Override
  public long[] run(List<String> texts, int inFlight) throws InterruptedException {
    return embed(texts, inFlight).latency();
  }

  private Answers embed(List<String> texts, int inFlight) throws InterruptedException {
    return answers(
        texts.size(), i -> Request.embed(model, texts.get(i)).cache(cache), inFlight, result -> {});
  }

  /**
   * Makes these requests and waits for all answers.
   *
   * @param answered takes each answer that is well; may be called by several threads
   * @return nanoseconds from submission to answer, in the order of the requests
   */
  public long[] submit(List<Request> requests, int inFlight, Consumer<InferenceResult> answered)
      throws InterruptedException {
    return answers(requests.size(), requests::get, inFlight, answered).latency();
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Answers(long[] latency, long[] at) {}

  private Answers answers(
      int count, IntFunction<Request> request, int inFlight, Consumer<InferenceResult> answered)
      throws InterruptedException {
    long[] latency = new long[count];
    long[] at = new long[count];
    Semaphore free = new Semaphore(inFlight);
    AtomicReference<@Nullable String> wrong = new AtomicReference<>();
    for (int i = 0; i < count; i++) {
      acquire(free, 1, wrong);
      int index = i;
      long sentAt = System.nanoTime();
      CompletableFuture<?> unused =
          client
              .submit(request.apply(i))
              .whenComplete(
                  (result, failure) -> {
                    at[index] = System.nanoTime();
                    latency[index] = at[index] - sentAt;
                    check(result, failure, wrong);
                    if (result != null && result.isOk()) {
                      answered.accept(result);
                    }
                    free.release();
                  });
    }
    acquire(free, inFlight, wrong);
    return new Answers(latency, at);
  }

  private static void check(
      @Nullable InferenceResult result,
      @Nullable Throwable failure,
      AtomicReference<@Nullable String> wrong) {
    if (result == null || !result.isOk()) {
      wrong.compareAndSet(null, result == null ? String.valueOf(failure) : result.toString());
    }
  }

  private static void acquire(Semaphore free, int permits, AtomicReference<@Nullable String> wrong)
      throws InterruptedException {
    if (!free.tryAcquire(permits, ANSWER.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("Headrace did not answer within " + ANSWER);
    }
    String message = wrong.get();
    if (message != null) {
      throw new IllegalStateException("a request did not end well: " + message);
    }
  }

  @Override
  public void close() {
    client.close();
    worker.close();
    router.close();
  }
}
