package dev.headrace.cli;

import dev.headrace.cli.http.HttpEndpoint;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.loop.WorkerHealth;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
    WorkerProcess.Plan plan = WorkerProcess.plan(settings);
    HttpConfig http = HttpConfig.read(settings);
    settings.requireValid(ConfigurationDoc.keys());
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (Termination termination = new Termination();
        WorkerProcess worker = plan.start(registry);
        HttpEndpoint endpoint =
            new HttpEndpoint(
                http.address(), http.port(), () -> health(worker.app().health()), registry)) {
      System.err.println("worker: http " + endpoint.url());
      Roles.awaitEnd(termination, worker.app()::awaitEnd);
      return termination.requested() ? 0 : Main.FAILED;
    }
  }

  private static HttpEndpoint.Health health(WorkerHealth health) {
    List<String> reasons = new ArrayList<>();
    if (!health.storeUp()) {
      reasons.add("Redis does not answer");
    }
    if (!health.brokerUp()) {
      reasons.add("Kafka does not answer");
    }
    return new HttpEndpoint.Health(
        health.ready(), Roles.json(health.ready() ? "UP" : health.state().name(), reasons));
  }
}
