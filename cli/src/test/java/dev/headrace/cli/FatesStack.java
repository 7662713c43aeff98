package dev.headrace.cli;

import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.TestServers;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterApp;
import dev.headrace.router.RouterConfig;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.device.OneShotEngine;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A router, two clients, and two workers with devices that can be held: a small cheap one in int8
 * for model "both", a large dear one in fp32 for "both" and "words".
 */
final class FatesStack implements AutoCloseable {
  private static final String TENANTS =
      """
      {"tenants":{
        "rejected":{"device_seconds_per_second":0.05,"burst_seconds":0.1,"over_quota":"reject"},
        "delayed":{"device_seconds_per_second":0.5,"burst_seconds":0.1}}}
      """;

  final HeldDevice large = new HeldDevice(false, NumericPrecision.FP32, "words", "both");
  final HeldDevice small = new HeldDevice(true, NumericPrecision.INT8, "both");
  final HeadraceClient one;
  final HeadraceClient two;

  private final TestServers servers;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RouterApp router;
  private final List<WorkerProcess> workers = new ArrayList<>();
  private final WorkerProcess worker;
  private final TopicAdmin admin;

  FatesStack(TestServers servers, Path temporary) throws IOException {
    this.servers = servers;
    Path tenants = temporary.resolve("tenants.json");
    Files.writeString(tenants, TENANTS);
    admin = new TopicAdmin(KafkaConfig.read(settings(Map.of())));
    router =
        new RouterApp(
            RouterConfig.read(
                settings(
                    Map.of(
                        "router.refresh-interval", "100ms",
                        "router.lane.window", "500ms",
                        "router.cache-lease", "1s",
                        "router.tenant-file", tenants.toString()))),
            meters);
    router.start();
    worker("small", "0.36", small);
    worker = worker("large", "3.6", large);
    await().until(() -> workers.stream().allMatch(w -> w.app().health().ready()));
    one = client("one");
    two = client("two");
  }

  private Settings settings(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(more);
    all.put("kafka.bootstrap-servers", servers.kafkaBootstrap());
    all.put("kafka.topics.partitions", "2");
    all.put("redis.uri", servers.redisUri());
    return Settings.of(all);
  }

  /** One that takes few records at a time and hands its device one small batch after the other. */
  private WorkerProcess worker(String type, String usdPerHour, HeldDevice device) {
    Settings settings =
        settings(
            Map.of(
                "worker.id", type,
                "worker.device-type", type,
                "worker.usd-per-hour", usdPerHour,
                "worker.heartbeat.interval", "200ms",
                "worker.warm-up", "500ms",
                "worker.batch.max-rows", "4",
                "worker.batch.ahead", "0ms",
                "worker.max-in-flight", "4",
                "kafka.max-poll-records", "4"));
    WorkerProcess started =
        WorkerProcess.plan(settings)
            .start(() -> new OneShotEngine(device, System::nanoTime), new SimpleMeterRegistry());
    workers.add(started);
    return started;
  }

  private HeadraceClient client(String id) {
    return HeadraceClient.builder()
        .bootstrapServers(servers.kafkaBootstrap())
        .redisUri(servers.redisUri())
        .clientId(id)
        .set("sdk.near-cache.entries", "0")
        .build();
  }

  /** Requests that wait in the router's buffer. */
  int inRouter() {
    return (int)
        meters.find("headrace.router.buffered.requests").gauges().stream()
            .mapToDouble(Gauge::value)
            .sum();
  }

  /** Requests that the large device's worker has taken. */
  int inWorker() {
    return worker.app().health().inFlight();
  }

  /** Requests in its lane that it has not taken. */
  long inLane() {
    return admin.lag(List.of("large")).getOrDefault("large", 0L) - inWorker();
  }

  double count(String meter, String tag, String value) {
    return meters.find(meter).tag(tag, value).counters().stream().mapToDouble(Counter::count).sum();
  }

  /** The distinct outcomes of each request in the topic of outcomes. */
  Map<String, Set<String>> published(Instant since) {
    return PublishedOutcomes.since(KafkaConfig.read(settings(Map.of())), since);
  }

  @Override
  public void close() {
    large.release();
    one.close();
    two.close();
    workers.forEach(WorkerProcess::close);
    router.close();
    admin.close();
  }
}
