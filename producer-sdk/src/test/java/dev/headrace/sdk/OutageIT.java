package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.CacheMode;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** Kafka or Redis goes away while requests are under way. */
class OutageIT {
  private static final String MODEL = "m";
  private static final Duration LONG = Duration.ofSeconds(40);
  private static EmbeddedServers servers;
  private static EchoWorker worker;

  private TcpProxy toRedis;
  private HeadraceClient client;

  @BeforeAll
  static void startServers() {
    servers = EmbeddedServers.builder().build().start();
    worker = new EchoWorker(servers.kafkaBootstrap(), servers.redisUri(), MODEL);
  }

  @AfterAll
  static void stopServers() {
    worker.close();
    servers.close();
  }

  @BeforeEach
  void open() throws Exception {
    worker.resume();
    toRedis = new TcpProxy(servers.redis().port());
    client = client(Map.of());
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    toRedis.close();
  }

  private HeadraceClient client(Map<String, String> settings) {
    HeadraceClient.Builder builder =
        HeadraceClient.builder()
            .bootstrapServers(servers.kafkaBootstrap())
            .redisUri("redis://127.0.0.1:" + toRedis.port())
            .set("redis.timeout", "500ms")
            .set("sdk.fallback-after", "1s");
    settings.forEach(builder::set);
    return builder.build();
  }

  private static Request request(int i) {
    return Request.embed(MODEL, "x".repeat(1 + i)).cache(CacheMode.BYPASS);
  }

  private List<PendingResult> submit(int count) {
    return client.submitAll(IntStream.range(0, count).mapToObj(OutageIT::request).toList());
  }

  private static void awaitAll(List<PendingResult> results) {
    CompletableFuture.allOf(results.toArray(new CompletableFuture<?>[0]))
        .orTimeout(LONG.toSeconds(), TimeUnit.SECONDS)
        .join();
    for (int i = 0; i < results.size(); i++) {
      assertThat(results.get(i).join().embeddings().get(0)).containsExactly(1 + i);
    }
  }

  @Test
  void lost_connection_to_redis_loses_no_result() {
    worker.pause();
    List<PendingResult> results = submitAndAwaitSeen(50);
    toRedis.cut();
    worker.resume(); // its own way to Redis is open: outcomes are stored and announced
    toRedis.mend();

    awaitAll(results);
  }

  private List<PendingResult> submitAndAwaitSeen(int count) {
    int before = worker.seen();
    List<PendingResult> results = submit(count);
    await().atMost(LONG).until(() -> worker.seen() >= before + count);
    return results;
  }

  @Test
  void client_that_cannot_reach_redis_gets_its_results_from_kafka() {
    toRedis.cut();
    List<PendingResult> results = submit(50);

    awaitAll(results);
    assertThatThrownBy(() -> client.result(results.get(0).id()))
        .isInstanceOf(StoreUnavailableException.class);
    toRedis.mend();
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(() -> client.result(results.get(0).id()).isPresent());
  }

  @Test
  void redis_that_restarts_without_its_data_loses_no_result() {
    List<PendingResult> results = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      List<PendingResult> some = submit(100);
      servers.redis().stop();
      servers.redis().start();
      results.addAll(some);
    }
    CompletableFuture.allOf(results.toArray(new CompletableFuture<?>[0]))
        .orTimeout(LONG.toSeconds(), TimeUnit.SECONDS)
        .join();

    assertThat(results).allMatch(result -> result.join().isOk());
  }

  @Test
  void outcome_that_redis_took_and_lost_while_the_client_was_cut_off_comes_from_kafka()
      throws Exception {
    worker.pause();
    List<PendingResult> results = submitAndAwaitSeen(1);
    toRedis.cut();
    worker.resume();
    try (Jedis redis = new Jedis(URI.create(servers.redisUri()))) {
      String stored = "*:result:" + results.get(0).id();
      await().atMost(LONG).until(() -> !redis.keys(stored).isEmpty());
      redis.flushAll();
    }
    toRedis.mend();

    awaitAll(results);
  }

  @Test
  void without_kafka_the_future_fails_in_time_and_later_requests_work_again() throws Exception {
    client.close();
    client =
        client(Map.of("sdk.send-timeout", "2s", "kafka.max-block", "500ms", "kafka.timeout", "1s"));
    servers.kafka().stop();
    try {
      PendingResult refused = client.submit(request(1));
      assertThatThrownBy(() -> refused.get(15, TimeUnit.SECONDS))
          .hasCauseInstanceOf(SendFailedException.class)
          .hasMessageContaining("request " + refused.id() + " was not sent");
    } finally {
      servers.kafka().start();
    }
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(() -> client.submit(request(1)).get(10, TimeUnit.SECONDS).isOk());
  }

  @Test
  void nobody_answers_and_the_future_fails_after_the_grace() {
    client.close();
    client = client(Map.of("sdk.grace", "1s"));
    worker.pause();
    PendingResult pending = client.submit(request(1).deadline(Duration.ofSeconds(1)));

    assertThatThrownBy(() -> pending.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ResultTimeoutException.class)
        .hasMessageContaining(pending.id());
  }
}
