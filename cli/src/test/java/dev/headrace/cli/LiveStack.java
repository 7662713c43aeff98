package dev.headrace.cli;

import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.worker.WorkerProcess;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Kafka, Redis, a router, a worker and a client in this JVM. */
final class LiveStack implements AutoCloseable {
  private static final Duration READY = Duration.ofMinutes(2);

  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final EmbeddedServers servers = EmbeddedServers.builder().build().start();
  private final RouterApp router =
      new RouterApp(RouterConfig.read(Settings.of(addresses())), metrics);
  private final WorkerProcess worker;
  private final HeadraceClient client;

  /**
   * Starts all; the worker is ready.
   *
   * @param clientId of the client
   * @param workerSettings besides the addresses
   */
  LiveStack(String clientId, Map<String, String> workerSettings) {
    router.start();
    Map<String, String> all = new HashMap<>(addresses());
    all.putAll(workerSettings);
    worker = WorkerProcess.plan(Settings.of(all)).start(metrics);
    await().atMost(READY).until(() -> worker.app().health().ready());
    client =
        HeadraceClient.builder()
            .bootstrapServers(servers.kafkaBootstrap())
            .redisUri(servers.redisUri())
            .clientId(clientId)
            .build();
  }

  WorkerProcess worker() {
    return worker;
  }

  RouterApp router() {
    return router;
  }

  EmbeddedServers servers() {
    return servers;
  }

  HeadraceClient client() {
    return client;
  }

  private Map<String, String> addresses() {
    return Map.of(
        "kafka.bootstrap-servers", servers.kafkaBootstrap(), "redis.uri", servers.redisUri());
  }

  @Override
  public void close() {
    client.close();
    worker.close();
    router.close();
    servers.close();
  }
}
