package dev.headrace.cli;

import dev.headrace.cli.http.HttpEndpoint;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.loop.WorkerHealth;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code headrace worker}: one worker against an external Kafka and Redis. */
@Command(
    name = "worker",
    description = "Run a worker against an external Kafka and Redis until SIGTERM.",
    mixinStandardHelpOptions = true)
final class WorkerCommand implements Callable<Integer> {
  @Mixin ConnectionOptions connection = new ConnectionOptions();

  @Override
  public Integer call() throws Exception {
    Settings settings = connection.read();
    List<WorkerProcess.Plan> plans = WorkerProcess.plans(settings);
    HttpConfig http = HttpConfig.read(settings);
    settings.requireValid(ConfigurationDoc.keys());
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    List<WorkerProcess> workers = new ArrayList<>();
    try (Termination termination = new Termination()) {
      try {
        plans.forEach(plan -> workers.add(plan.start(registry)));
        serve(workers, http, registry, termination);
      } finally {
        workers.forEach(WorkerProcess::close);
      }
      int status = termination.requested() ? 0 : status(workers);
      if (workers.stream().anyMatch(w -> w.app().stuck())) {
        // Its thread is in native code, which an orderly exit would wait for.
        Runtime.getRuntime().halt(status);
      }
      return status;
    }
  }

  private static void serve(
      List<WorkerProcess> workers,
      HttpConfig http,
      PrometheusMeterRegistry registry,
      Termination termination)
      throws Exception {
    try (HttpEndpoint endpoint =
        new HttpEndpoint(http.address(), http.port(), () -> health(workers), registry)) {
      System.err.println("worker: http " + endpoint.url());
      Roles.awaitEnd(termination, step -> ended(workers, step));
    }
  }

  /** Whether all have ended: a device that fails ends its worker alone. */
  private static boolean ended(List<WorkerProcess> workers, Duration step)
      throws InterruptedException {
    for (WorkerProcess worker : workers) {
      if (!worker.app().awaitEnd(step.dividedBy(workers.size()))) {
        return false;
      }
    }
    return true;
  }

  private static int status(List<WorkerProcess> workers) {
    int status = Main.FAILED;
    for (WorkerProcess worker : workers) {
      Throwable failure = worker.app().failure();
      System.err.println("worker: " + worker.deviceType() + " ended: " + failure);
      if (deviceLost(failure)) {
        status = Main.DEVICE_LOST;
      }
    }
    return status;
  }

  private static boolean deviceLost(@Nullable Throwable failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof EngineException e && e.kind() == EngineException.Kind.FATAL) {
        return true;
      }
      if (cause instanceof FailureException f && f.failure().code() == ErrorCode.DEVICE_LOST) {
        return true;
      }
    }
    return false;
  }

  private static HttpEndpoint.Health health(List<WorkerProcess> workers) {
    Instant now = Instant.now();
    List<HttpEndpoint.Health> all =
        workers.stream().map(w -> health(w.app().health(), now)).toList();
    // One that works is enough: the work of a lost device goes to the others.
    return all.stream().filter(HttpEndpoint.Health::up).findFirst().orElse(all.get(0));
  }

  static HttpEndpoint.Health health(WorkerHealth health, Instant now) {
    boolean hangs = health.hangs(now);
    return new HttpEndpoint.Health(
        health.ready() && !hangs,
        Roles.json(
            hangs ? "HANGS" : health.ready() ? "UP" : health.state().name(), health.troubles(now)));
  }
}
