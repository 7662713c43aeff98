package dev.headrace.cli;

import dev.headrace.cli.http.HttpEndpoint;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.router.loop.RouterHealth;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code headrace router}: one router against an external Kafka and Redis. */
@Command(
    name = "router",
    description = "Run a router against an external Kafka and Redis until SIGTERM.",
    mixinStandardHelpOptions = true)
final class RouterCommand implements Callable<Integer> {
  @Mixin ConnectionOptions connection = new ConnectionOptions();

  @Override
  public Integer call() throws Exception {
    Settings settings = connection.read();
    RouterConfig config = RouterConfig.read(settings);
    HttpConfig http = HttpConfig.read(settings);
    settings.requireValid(ConfigurationDoc.keys());
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    RouterApp router = new RouterApp(config, registry);
    try (Termination termination = new Termination();
        router;
        HttpEndpoint endpoint =
            new HttpEndpoint(http.address(), http.port(), () -> health(router), registry)
                .withScaling(router::demand)) {
      router.start();
      System.err.println("router: http " + endpoint.url());
      Roles.awaitEnd(termination, router::awaitEnd);
      return termination.requested() ? 0 : Main.FAILED;
    }
  }

  private static HttpEndpoint.Health health(RouterApp router) {
    RouterHealth health = router.health();
    return new HttpEndpoint.Health(
        health.state() != RouterHealth.State.DOWN,
        Roles.json(health.state().name(), health.reasons()));
  }
}
