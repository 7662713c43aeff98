package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerBackend;
import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaOutcomeTail;
import dev.headrace.transport.kafka.OutcomeTail;
import dev.headrace.transport.kafka.TopicAdmin;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;

/** The client against a real Kafka and Redis, with a worker that echoes. */
class HeadraceClientIT extends ServerSuite {
  private static final String MODEL = "all-minilm-l6-v2";
  private static EchoWorker worker;

  private final String unique = UUID.randomUUID().toString();
  private HeadraceClient client;

  @BeforeParameterizedClassInvocation
  static void startWorker(ServerBackend backend) {
    if (backend.isAvailable()) {
      worker = new EchoWorker(servers().kafkaBootstrap(), servers().redisUri(), MODEL);
    }
  }

  @AfterParameterizedClassInvocation
  static void stopWorker() {
    if (worker != null) {
      worker.close();
      worker = null;
    }
  }

  @BeforeEach
  void open() {
    worker.resume();
    client = client("it-" + unique);
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
  }

  private static HeadraceClient client(String id) {
    return HeadraceClient.builder()
        .bootstrapServers(servers().kafkaBootstrap())
        .redisUri(servers().redisUri())
        .clientId(id)
        .build();
  }

  private static InferenceResult get(PendingResult pending) throws Exception {
    return pending.get(30, TimeUnit.SECONDS);
  }

  @Test
  void readme_example_runs() {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      ReadmeExample.run(servers().kafkaBootstrap(), servers().redisUri());
    } finally {
      System.setOut(before);
    }

    assertThat(printed.toString(StandardCharsets.UTF_8).lines())
        .containsExactly("1 dimensions", "water");
  }

  @Test
  void result_comes_with_all_that_is_known_about_it() throws Exception {
    InferenceResult result =
        get(client.submit(Request.embed(MODEL, unique, "b").tier(Tier.PREMIUM)));

    assertThat(result.embeddings()).hasSize(2);
    assertThat(result.embeddings().get(1)).containsExactly(1);
    assertThat(result.tier()).contains(Tier.PREMIUM);
    assertThat(result.deviceType()).contains("echo");
    assertThat(result.inTime()).contains(true);
    assertThat(client.result(result.id()).orElseThrow().embeddings()).hasSize(2);
  }

  @Test
  void thousands_at_once_each_get_their_own_result() {
    List<Request> requests =
        IntStream.range(0, 3000)
            .mapToObj(
                i ->
                    Request.embed(MODEL, "x".repeat(1 + i % 700))
                        .tier(Tier.values()[i % 3])
                        .deadline(Duration.ofMinutes(1))
                        .cache(CacheMode.BYPASS))
            .toList();
    List<PendingResult> results = client.submitAll(requests);
    CompletableFuture.allOf(results.toArray(new CompletableFuture<?>[0]))
        .orTimeout(60, TimeUnit.SECONDS)
        .join();

    for (int i = 0; i < results.size(); i++) {
      assertThat(results.get(i).join().embeddings().get(0)[0]).isEqualTo(1 + i % 700);
    }
  }

  @Test
  void json_of_the_api_is_answered_in_kind() throws Exception {
    String body =
        "{\"model\":\"" + MODEL + "\",\"input\":\"" + unique + "\",\"labels\":[\"a\",\"b\"]}";
    InferenceResult result = get(client.submit(Request.json(Task.CLASSIFICATIONS, body)));

    assertThat(result.classifications()).extracting(Classification::label).containsExactly("a");
    assertThat(result.bodyText()).contains("\"object\":\"list\"");
  }

  @Test
  void known_result_comes_from_the_cache_without_kafka() throws Exception {
    Request request = Request.embed(MODEL, "to be cached " + unique);
    get(client.submit(request));
    // The revision is known when the first heartbeat was read.
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> get(client.submit(request)).cache() == InferenceResult.Cache.HIT);
    int before = worker.seen();
    InferenceResult hit = get(client.submit(request));

    assertThat(hit.cache()).isEqualTo(InferenceResult.Cache.HIT);
    assertThat(hit.embeddings()).hasSize(1);
    assertThat(client.result(hit.id())).isPresent();
    assertThat(worker.seen()).isEqualTo(before);
    InferenceResult own = get(client.submit(request.cache(CacheMode.BYPASS)));
    assertThat(own.cache()).isEqualTo(InferenceResult.Cache.MISS);
  }

  @Test
  void idempotent_request_runs_once_also_after_a_restart_of_the_client() throws Exception {
    Request request =
        Request.embed(MODEL, "once").idempotencyKey("order-1").cache(CacheMode.BYPASS);
    int before = worker.seen();
    InferenceResult first = get(client.submit(request));
    client.close();
    client = client("it-" + unique);
    InferenceResult second = get(client.submit(request));

    assertThat(second.id()).isEqualTo(first.id());
    assertThat(second.endedAt()).isEqualTo(first.endedAt());
    assertThat(worker.seen()).isEqualTo(before + 1);
  }

  @Test
  void outcome_of_an_earlier_process_is_found_by_its_id() throws Exception {
    worker.pause();
    PendingResult pending = client.submit(Request.embed(MODEL, unique));
    client.close();
    assertThatThrownBy(() -> get(pending)).hasCauseInstanceOf(ClientClosedException.class);
    worker.resume();
    client = client("it-" + unique);

    await().atMost(Duration.ofSeconds(20)).until(() -> client.result(pending.id()).isPresent());
    assertThat(client.result(pending.id()).orElseThrow().isOk()).isTrue();
  }

  @Test
  void cancelled_request_stays_cancelled() throws Exception {
    worker.pause();
    PendingResult pending = client.submit(Request.embed(MODEL, unique));
    assertThat(client.cancel(pending.id())).isTrue();
    assertThat(get(pending).status()).isEqualTo(Status.CANCELLED);
    worker.resume();

    PendingResult next = client.submit(Request.embed(MODEL, unique + " 2"));
    assertThat(get(next).isOk()).isTrue();
    assertThat(client.result(pending.id()).orElseThrow().status()).isEqualTo(Status.CANCELLED);
    assertThat(client.cancel(next.id())).isFalse();
  }

  @Test
  void outcome_also_goes_to_the_reply_topic() throws Exception {
    String topic = "replies-" + unique;
    KafkaConfig kafka =
        KafkaConfig.read(
            Settings.of(Map.of("kafka.bootstrap-servers", servers().kafkaBootstrap())));
    try (TopicAdmin admin = new TopicAdmin(kafka)) {
      admin.ensure(List.of(topic));
    }
    InferenceResult result = get(client.submit(Request.embed(MODEL, unique).replyTo(topic)));

    List<String> ids = new ArrayList<>();
    try (OutcomeTail tail =
        KafkaOutcomeTail.at(kafka, "it").open(Set.of(topic), Instant.now().minusSeconds(60))) {
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                tail.poll(Duration.ofMillis(100))
                    .forEach(record -> ids.add(OutcomeCodec.decode(record).id()));
                return !ids.isEmpty();
              });
    }
    assertThat(ids).containsExactly(result.id());
  }

  @Test
  void large_request_and_large_result_travel_by_reference() throws Exception {
    String large = "wide " + "x".repeat(900_000);
    InferenceResult result = get(client.submit(Request.embed(MODEL, large)));

    assertThat(result.embeddings().get(0)).hasSize(200_000).startsWith(900_005);
  }
}
