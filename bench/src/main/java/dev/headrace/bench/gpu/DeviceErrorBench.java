package dev.headrace.bench.gpu;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.Request;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import dev.headrace.worker.WorkerProcess;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ObjDoubleConsumer;

/**
 * A real error of a device, made on purpose ({@link TrapModel}): {@code headrace worker} in a
 * process of its own on a GPU, and a worker on the CPU beside it in one lane. All requests but
 * those with the trap must end OK, and the process with status 3.
 */
final class DeviceErrorBench {
  private static final int REQUESTS = 2000;
  private static final long TRAP_EVERY_MILLIS = 100;
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration END = Duration.ofMinutes(2);
  private static final long STEP_NANOS = 20_000_000L;

  private final String device;
  private final PrintStream progress;

  /**
   * A benchmark.
   *
   * @param device of the worker that is to be lost
   */
  DeviceErrorBench(String device, PrintStream progress) {
    this.device = device;
    this.progress = progress;
  }

  /** Both errors, each in a process of its own. */
  void run(ObjDoubleConsumer<String> figure) throws Exception {
    Path parent = Files.createTempDirectory("headrace-bench-");
    TrapModel.write(parent);
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start()) {
      Map<String, String> values = new HashMap<>();
      values.put("kafka.bootstrap-servers", servers.kafkaBootstrap());
      values.put("redis.uri", servers.redisUri());
      values.put("worker.device-type", "trap");
      values.put("worker.usd-per-hour", "1");
      values.put("worker.models.folder", parent.toString());
      values.put("worker.models", TrapModel.NAME);
      try (RouterApp router =
          new RouterApp(RouterConfig.read(Settings.of(values)), new SimpleMeterRegistry())) {
        router.start();
        provoke("700", TrapModel.ADDRESS, values, figure);
        provoke("710", TrapModel.ASSERTION, values, figure);
      }
    }
  }

  private void provoke(
      String error, String trap, Map<String, String> values, ObjDoubleConsumer<String> figure)
      throws Exception {
    Path log = Files.createTempFile("headrace-worker-", ".log");
    Map<String, String> other = new HashMap<>(values);
    other.put("worker.device", "cpu");
    other.put("worker.threads", "1");
    Process process = process(values, log);
    try (WorkerProcess worker =
            WorkerProcess.plan(Settings.of(other)).start(new SimpleMeterRegistry());
        HeadraceClient client = HeadraceClient.builder().settings(Settings.of(values)).build()) {
      awaitReady(process, log, values);
      List<CompletableFuture<InferenceResult>> plain = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        plain.add(client.submit(request("plain plain plain")));
      }
      // Whichever of the two gets one; the CPU refuses it and goes on.
      List<CompletableFuture<InferenceResult>> trapped = new ArrayList<>();
      long until = System.nanoTime() + END.toNanos();
      while (process.isAlive() && System.nanoTime() - until < 0) {
        trapped.add(client.submit(request("plain " + trap + " plain")));
        process.waitFor(TRAP_EVERY_MILLIS, TimeUnit.MILLISECONDS);
      }
      String key = "device_error_" + error;
      figure.accept(key + "_exit_status", process.isAlive() ? -1 : process.exitValue());
      figure.accept(key + "_others_ok_share", share(plain, true));
      figure.accept(key + "_trapped_failed_share", share(trapped, false));
      progress.println("device error " + error + ": " + worker.app().health());
    } finally {
      process.destroyForcibly();
      progress.println("worker's last lines:\n  " + tail(log));
      Files.deleteIfExists(log);
    }
  }

  private static Request request(String text) {
    return Request.embed(TrapModel.NAME, List.of(text))
        .cache(CacheMode.BYPASS)
        .deadline(START.plus(END));
  }

  private Process process(Map<String, String> values, Path log) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("worker", "--set", "http.port=0", "--set", "worker.device=" + device));
    values.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
    return HeadraceProcess.of("2g", command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static void awaitReady(Process process, Path log, Map<String, String> values)
      throws IOException, TimeoutException {
    long until = System.nanoTime() + START.toNanos();
    try (RedisStores stores = RedisStores.connect(RedisConfig.read(Settings.of(values)))) {
      while (stores.deviceRegistry().list().stream()
              .filter(d -> d.state() == WorkerState.READY)
              .count()
          < 2) {
        if (!process.isAlive() || System.nanoTime() - until > 0) {
          throw new TimeoutException("workers: " + tail(log) + " (expected: two that are ready)");
        }
        LockSupport.parkNanos(STEP_NANOS);
      }
    }
  }

  private static String tail(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n  ", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
  }

  /** The share that ended well, or did not. */
  private double share(List<CompletableFuture<InferenceResult>> requests, boolean well)
      throws InterruptedException {
    int matching = 0;
    String other = "none";
    for (CompletableFuture<InferenceResult> request : requests) {
      try {
        InferenceResult result = request.get(END.toSeconds(), TimeUnit.SECONDS);
        matching += result.isOk() == well ? 1 : 0;
        other = result.isOk() == well ? other : result.toString();
      } catch (ExecutionException | TimeoutException e) {
        other = e.toString();
      }
    }
    progress.println("device error: another end: " + other);
    return matching / (double) requests.size();
  }
}
