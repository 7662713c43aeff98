package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.PendingResult;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Broker and Redis in this JVM; routers and workers as processes that can be killed. */
final class Fleet implements AutoCloseable {
  /** What a role prints once it answers. */
  private static final Pattern URL = Pattern.compile("http (http://\\S+)");

  private final HttpClient http = HttpClient.newHttpClient();
  private final EmbeddedServers servers = EmbeddedServers.builder().build().start();
  private final Program program;
  private final Map<String, Program.Started> running = new TreeMap<>();
  private final RedisStores stores;
  private final TopicAdmin admin;

  Fleet(Path temporary) {
    program = new Program(temporary);
    Settings settings = settings();
    stores = RedisStores.connect(RedisConfig.read(settings));
    admin = new TopicAdmin(KafkaConfig.read(settings));
  }

  Settings settings() {
    return Settings.of(
        Map.of(
            "kafka.bootstrap-servers", servers.kafkaBootstrap(), "redis.uri", servers.redisUri()));
  }

  /** Each of these requests has one outcome in the topic of outcomes, sooner or later. */
  void awaitOneOutcomeEach(Instant begin, List<PendingResult> requests) {
    List<String> ids = requests.stream().map(PendingResult::id).toList();
    await()
        .untilAsserted(
            () -> {
              Map<String, Set<String>> published = published(begin);
              assertThat(published.keySet()).containsAll(ids);
              assertThat(ids).allMatch(id -> published.get(id).size() == 1);
            });
  }

  /** The distinct outcomes of each request in the topic of outcomes. */
  Map<String, Set<String>> published(Instant begin) {
    return PublishedOutcomes.since(KafkaConfig.read(settings()), begin);
  }

  RedisStores stores() {
    return stores;
  }

  TopicAdmin admin() {
    return admin;
  }

  HeadraceClient client(String id) {
    return HeadraceClient.builder()
        .bootstrapServers(servers.kafkaBootstrap())
        .redisUri(servers.redisUri())
        .clientId(id)
        .set("redis.heartbeat-ttl", "3s")
        // What a killed worker had comes free when Kafka's session for it is over.
        .set("sdk.grace", "2m")
        .build();
  }

  void router(String name, String... settings) throws IOException {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("router.name=" + name);
    start(name, "router", all.toArray(String[]::new));
  }

  /** Waits until Kafka has given each of these workers its part of the lane. */
  void awaitSlots(String... names) {
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                Stream.of(names)
                    .map(running::get)
                    .allMatch(p -> p != null && p.errors().contains("slots assigned")));
  }

  /** What a process answers over HTTP; it may have just been started. */
  JsonNode get(String name, String path) throws IOException, InterruptedException {
    Program.Started started = Objects.requireNonNull(running.get(name), name);
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> !started.process().isAlive() || URL.matcher(started.errors()).find());
    Matcher url = URL.matcher(started.errors());
    if (!url.find()) {
      throw new IllegalStateException(name + " ended: " + started.errors());
    }
    HttpRequest request = HttpRequest.newBuilder(URI.create(url.group(1) + path)).build();
    return new ObjectMapper()
        .readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  /** A worker with the model that comes with Headrace, on one thread. */
  void worker(String name, String precision, double usdPerHour, String... more) throws IOException {
    List<String> settings = new ArrayList<>(List.of(more));
    settings.add("worker.precision=" + precision);
    settings.add("worker.usd-per-hour=" + usdPerHour);
    workerWith(name, settings.toArray(String[]::new));
  }

  /** A worker on one thread with these settings. */
  void workerWith(String name, String... settings) throws IOException {
    List<String> all = new ArrayList<>(List.of(settings));
    all.addAll(List.of("worker.threads=1", "worker.heartbeat.interval=500ms"));
    start(name, "worker", all.toArray(String[]::new));
  }

  /** How it ended, if it ended by itself; then it is no failure any more. */
  Optional<Program.Ended> ended(String name) throws IOException, InterruptedException {
    Program.Started started = Objects.requireNonNull(running.get(name), name);
    if (started.process().isAlive()) {
      return Optional.empty();
    }
    running.remove(name);
    return Optional.of(started.await(0));
  }

  private void start(String name, String role, String... settings) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.add(role);
    arguments.addAll(List.of("--kafka", servers.kafkaBootstrap(), "--redis", servers.redisUri()));
    List<String> all = new ArrayList<>(List.of(settings));
    all.addAll(
        List.of(
            "http.port=0",
            "redis.heartbeat-ttl=3s",
            "kafka.topics.partitions=4",
            "router.refresh-interval=250ms",
            "router.rescue.after=4s",
            "router.rescue.interval=500ms"));
    if (role.equals("worker")) {
      all.removeIf(s -> s.startsWith("router."));
    }
    all.forEach(
        s -> {
          arguments.add("--set");
          arguments.add(s);
        });
    running.put(name, program.start(arguments.toArray(String[]::new)));
  }

  /** Runs a client's command against these servers; the last line that it printed as JSON. */
  JsonNode command(int status, String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(
        List.of("--json", "--kafka", servers.kafkaBootstrap(), "--redis", servers.redisUri()));
    Program.Ended ended = program.run(120, all.toArray(String[]::new));
    if (ended.code() != status) {
      throw new AssertionError("status " + ended.code() + ": " + ended.err());
    }
    return new ObjectMapper().readTree(ended.lastLine());
  }

  /** What a process says of itself; nothing while it starts or ends. */
  String health(String name) throws InterruptedException {
    Matcher url = URL.matcher(Objects.requireNonNull(running.get(name), name).errors());
    if (!url.find()) {
      return "";
    }
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url.group(1) + "/health")).build();
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException e) {
      return "";
    }
  }

  /** Asks the process to end and waits for it; how it ended. */
  Program.Ended stop(String name) throws IOException, InterruptedException {
    Program.Started started = Objects.requireNonNull(running.remove(name), name);
    started.process().destroy();
    return started.await(90);
  }

  /** The process is gone at once, with all it knows. */
  void kill(String name) throws InterruptedException {
    Program.Started started = running.remove(name);
    if (started != null && started.process().isAlive()) {
      started.process().destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  /** What ended by itself; nothing should. */
  List<String> failures() {
    List<String> failures = new ArrayList<>();
    running.forEach(
        (name, started) -> {
          if (!started.process().isAlive()) {
            failures.add(name + ": " + started.errors());
          }
        });
    return failures;
  }

  void awaitReady(int workers) {
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () ->
                !failures().isEmpty()
                    || stores.deviceRegistry().list().stream()
                            .filter(r -> r.state() == WorkerState.READY)
                            .count()
                        >= workers);
    if (!failures().isEmpty()) {
      throw new IllegalStateException(failures().toString());
    }
  }

  @Override
  public void close() {
    try {
      for (String name : List.copyOf(running.keySet())) {
        kill(name);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    admin.close();
    stores.close();
    servers.close();
  }
}
