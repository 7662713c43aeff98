package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerBackend;
import dev.headrace.embedded.testing.TestServers;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.transport.testing.Samples;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.StreamEntryID;

/** The stores over a real Redis keep the contracts, and survive what others put there. */
@ParameterizedClass
@EnumSource(ServerBackend.class)
class RedisStoresIT {
  private static TestServers servers;

  private final ServerBackend backend;
  private RedisStores stores;
  private RedisClient raw;

  RedisStoresIT(ServerBackend backend) {
    this.backend = backend;
  }

  @BeforeParameterizedClassInvocation
  static void start(ServerBackend backend) {
    if (backend.isAvailable()) {
      servers = backend.start();
    }
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (servers != null) {
      servers.close();
      servers = null;
    }
  }

  @BeforeEach
  void connect() {
    backend.assumeAvailable();
    stores = RedisStores.connect(config());
    raw = RedisClient.create(URI.create(servers.redisUri()));
  }

  @AfterEach
  void disconnect() {
    if (stores != null) {
      stores.close();
      raw.close();
    }
  }

  private static RedisConfig config() {
    Settings settings =
        Settings.of(
            Map.of(
                "redis.uri", servers.redisUri(),
                "redis.heartbeat-ttl", "1s",
                "redis.max-followers", "100",
                "redis.cache-max-entry-bytes", "10KiB"));
    RedisConfig config = RedisConfig.read(settings);
    settings.requireValid(List.of());
    return config;
  }

  private static void wait(Duration time) {
    await().pollDelay(time).until(() -> true);
  }

  private void cutConnections() {
    raw.executeCommand(
        new CommandArguments(Protocol.Command.CLIENT)
            .addObjects("KILL", "TYPE", "normal", "SKIPME", "yes"));
  }

  private List<String> announced(String client) {
    try (ReplyReader reader = stores.replyReader(client, "0")) {
      return reader.read(Duration.ofMillis(20));
    }
  }

  @Nested
  class Outcomes extends OutcomeStoreContract {
    @Override
    OutcomeStore store() {
      return stores.outcomeStore();
    }

    @Override
    List<String> replies(String client) {
      return announced(client);
    }
  }

  @Nested
  class Cache extends ResultCacheContract {
    @Override
    ResultCache cache() {
      return stores.resultCache();
    }

    @Override
    void deliver(Outcome outcome) {
      stores.outcomeStore().deliver(List.of(outcome));
    }

    @Override
    void pass(Duration time) {
      RedisStoresIT.wait(time);
    }
  }

  @Nested
  class Registry extends DeviceRegistryContract {
    @Override
    DeviceRegistry registry() {
      return stores.deviceRegistry();
    }

    @Override
    void pass(Duration time) {
      RedisStoresIT.wait(time);
    }
  }

  @Nested
  class Routers extends RouterRegistryContract {
    @Override
    RouterRegistry registry() {
      return stores.routerRegistry();
    }

    @Override
    void pass(Duration time) {
      RedisStoresIT.wait(time);
    }
  }

  @Nested
  class Crashes extends CrashLedgerContract {
    @Override
    CrashLedger ledger() {
      return stores.crashLedger();
    }

    @Override
    void beat(String workerId) {
      stores.deviceRegistry().publish(Samples.report(workerId));
    }
  }

  @Test
  void everything_has_a_time_to_live() {
    String client = Clients.next();
    String key = Clients.cacheKey();
    stores.outcomeStore().deliver(List.of(Samples.outcome(client, "r", "x")));
    stores.outcomeStore().putBlob(Samples.address(client, "r"), new byte[] {1});
    Question question =
        new Question(key, Samples.outcome(client, "r", ""), Duration.ofSeconds(30), true);
    Question other =
        new Question(key, Samples.outcome(client, "s", ""), Duration.ofSeconds(30), true);
    stores.resultCache().resolve(List.of(question, other));
    stores.crashLedger().started(client, List.of(client + "/x"));
    stores.crashLedger().bury(List.of(client));

    assertThat(
            List.of(
                RedisKeys.result(client, "r"),
                RedisKeys.replies(client),
                RedisKeys.blob(client, "r"),
                RedisKeys.cache(key),
                RedisKeys.followers(key),
                RedisKeys.CRASHES))
        .allSatisfy(k -> assertThat(raw.pttl(k)).as(k).isPositive());
    stores.resultCache().settle(key, question.token(), Samples.outcome(client, "r", "x"));
    assertThat(raw.pttl(RedisKeys.cache(key))).isPositive();
  }

  @Test
  void scripts_that_redis_forgot_are_sent_again() {
    String client = Clients.next();
    stores.outcomeStore().deliver(List.of(Samples.outcome(client, "a", "x")));
    raw.scriptFlush();

    assertThat(
            stores
                .outcomeStore()
                .deliver(
                    List.of(
                        Samples.outcome(client, "b", "x"),
                        Samples.outcome(client, "c", "x"),
                        Samples.outcome(client, "a", "y"))))
        .extracting(Delivered::first)
        .containsExactly(true, true, false);
  }

  @Test
  void garbage_in_the_place_of_an_outcome_is_no_outcome() {
    String client = Clients.next();
    Outcome outcome = Samples.outcome(client, "r", "x");
    raw.set(RedisKeys.result(client, "r"), "garbage");

    assertThat(stores.outcomeStore().find(List.of(outcome.address())))
        .containsExactly(Optional.empty());
    assertThat(stores.outcomeStore().blob(RedisKeys.result(client, "r"))).isEmpty();
    assertThat(stores.outcomeStore().deliver(List.of(outcome)))
        .containsExactly(new Delivered(true, outcome, false));
    assertThat(stores.outcomeStore().find(List.of(outcome.address())))
        .containsExactly(Optional.of(new Delivered(false, outcome, false)));
  }

  @Test
  void outcomes_beside_one_that_is_refused_are_announced_all_the_same() {
    String client = Clients.next();
    raw.hset(RedisKeys.result(client, "r"), Map.of("o", "text"));
    List<Outcome> outcomes =
        List.of(
            Samples.outcome(client, "a", "x"),
            Samples.outcome(client, "r", "x"),
            Samples.outcome(client, "b", "x"));

    assertFails(() -> stores.outcomeStore().deliver(outcomes), ErrorCode.INTERNAL_ERROR);
    assertThat(announced(client)).containsExactly("a", "r", "b");
  }

  @Test
  void mark_keeps_the_time_to_live() {
    String client = Clients.next();
    Outcome outcome = Samples.outcome(client, "r", "x");
    stores.outcomeStore().deliver(List.of(outcome));
    stores.outcomeStore().markPublished(List.of(outcome.address()));

    assertThat(raw.pttl(RedisKeys.result(client, "r"))).isPositive();
  }

  @Test
  void value_of_the_wrong_type_is_an_internal_error_that_names_the_key() {
    String client = Clients.next();
    Outcome outcome = Samples.outcome(client, "r", "x");
    raw.hset(RedisKeys.result(client, "r"), Map.of("o", "text"));

    assertFails(() -> stores.outcomeStore().deliver(List.of(outcome)), ErrorCode.INTERNAL_ERROR)
        .contains(RedisKeys.result(client, "r"))
        .contains("WRONGTYPE");
    assertThat(stores.outcomeStore().find(List.of(outcome.address())))
        .containsExactly(Optional.empty());
    stores.outcomeStore().markPublished(List.of(outcome.address()));
  }

  @Test
  void garbage_in_the_cache_is_a_miss() {
    String client = Clients.next();
    String text = Clients.cacheKey();
    String list = Clients.cacheKey();
    raw.set(RedisKeys.cache(text), "garbage");
    raw.rpush(RedisKeys.cache(list), "garbage");
    ResultCache cache = stores.resultCache();
    Outcome waiting = Samples.outcome(client, "r", "");

    assertThat(cache.lookup(List.of(text, list)))
        .containsExactly(Optional.empty(), Optional.empty());
    assertThat(
            cache.resolve(
                List.of(
                    new Question(text, waiting, Duration.ofSeconds(1), true),
                    new Question(list, waiting, Duration.ofSeconds(1), true))))
        .containsExactly(new Place.Lead(), new Place.Lead());
    raw.hset(RedisKeys.followers(text), "x/y", "garbage");
    Outcome result = Samples.outcome(client, "r", "x");
    stores.outcomeStore().deliver(List.of(result));
    assertThat(cache.settle(text, client + "/r", result)).isEmpty();
    assertThat(cache.lookup(List.of(text)).get(0)).isPresent();
  }

  @Test
  void garbage_among_the_heartbeats_is_left_out() {
    String worker = Clients.next();
    raw.zadd(RedisKeys.DEVICES, 9e15, worker + "-hash");
    raw.hset(RedisKeys.device(worker + "-hash"), "worker", "only");
    raw.zadd(RedisKeys.DEVICES, 9e15, worker + "-text");
    raw.set(RedisKeys.device(worker + "-text"), "text");
    stores.deviceRegistry().publish(Samples.report(worker));

    assertThat(stores.deviceRegistry().list())
        .contains(Samples.report(worker))
        .extracting(r -> r.workerId())
        .doesNotContain(worker + "-hash", worker + "-text");
    raw.del(RedisKeys.DEVICES, RedisKeys.device(worker + "-hash"));
    raw.del(RedisKeys.device(worker + "-text"));
  }

  @Test
  void large_result_is_not_cached_but_releases_the_followers() {
    String client = Clients.next();
    String key = Clients.cacheKey();
    Question leads =
        new Question(key, Samples.outcome(client, "a", ""), Duration.ofSeconds(30), true);
    Question follows =
        new Question(key, Samples.outcome(client, "b", ""), Duration.ofSeconds(30), true);
    stores.resultCache().resolve(List.of(leads, follows));
    Outcome large = Samples.outcome(client, "a", "x".repeat(20_000));

    assertThat(stores.resultCache().settle(key, leads.token(), large))
        .containsExactly(follows.waiting());
    assertThat(stores.resultCache().lookup(List.of(key))).containsExactly(Optional.empty());
  }

  @Test
  void result_that_is_gone_or_was_no_success_is_a_miss() {
    String client = Clients.next();
    String gone = Clients.cacheKey();
    String cancelled = Clients.cacheKey();
    ResultCache cache = stores.resultCache();
    cache.settle(gone, client + "/a", Samples.outcome(client, "a", "x"));
    Outcome result = Samples.outcome(client, "b", "x");
    stores
        .outcomeStore()
        .deliver(
            List.of(
                dev.headrace.protocol.Outcomes.cancelled(
                    result.address(), result.time(), result.source())));
    cache.settle(cancelled, client + "/b", result);

    assertThat(cache.lookup(List.of(gone, cancelled)))
        .containsExactly(Optional.empty(), Optional.empty());
    Outcome waiting = Samples.outcome(client, "c", "");
    Outcome other = Samples.outcome(client, "d", "");
    for (String key : List.of(gone, cancelled)) {
      assertThat(
              cache.resolve(
                  List.of(
                      new Question(key, waiting, Duration.ofSeconds(5), true),
                      new Question(key, other, Duration.ofSeconds(5), true))))
          .containsExactly(new Place.Lead(), new Place.Follow(client + "/c"));
    }
  }

  @Test
  void followers_are_bounded() {
    String key = Clients.cacheKey();
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      questions.add(
          new Question(key, Samples.outcome("c", "r" + i, ""), Duration.ofSeconds(30), true));
    }
    stores.resultCache().resolve(questions);

    assertThat(stores.resultCache().settle(key, "c/r0", Samples.outcome("c", "r0", "x")))
        .hasSize(100);
  }

  @Test
  void reader_waits_and_continues_where_it_stopped() throws Exception {
    String client = Clients.next();
    try (ReplyReader reader = stores.replyReader(client, "0")) {
      assertThat(reader.read(Duration.ofMillis(20))).isEmpty();
      CompletableFuture<List<String>> read =
          CompletableFuture.supplyAsync(() -> reader.read(Duration.ofSeconds(10)));
      stores.outcomeStore().deliver(List.of(Samples.outcome(client, "a", "x")));
      assertThat(read.get(10, TimeUnit.SECONDS)).containsExactly("a");
      raw.xadd(RedisKeys.replies(client), StreamEntryID.NEW_ENTRY, Map.of("x", "y"));
      stores.outcomeStore().deliver(List.of(Samples.outcome(client, "b", "x")));
      assertThat(reader.read(Duration.ofSeconds(1))).containsExactly("b");
    }
  }

  @Test
  void reader_misses_nothing_after_its_connection_was_cut() {
    String client = Clients.next();
    try (ReplyReader reader = stores.replyReader(client, "0")) {
      stores.outcomeStore().deliver(List.of(Samples.outcome(client, "a", "x")));
      assertThat(reader.read(Duration.ofSeconds(1))).containsExactly("a");
      cutConnections();
      stores.outcomeStore().deliver(List.of(Samples.outcome(client, "b", "x")));
      List<String> ids = new ArrayList<>();
      await()
          .until(
              () -> {
                try {
                  ids.addAll(reader.read(Duration.ofMillis(100)));
                } catch (FailureException e) {
                  assertThat(e.failure().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
                }
                return !ids.isEmpty();
              });
      assertThat(ids).containsExactly("b");
    }
  }

  @Test
  void closing_a_reader_ends_its_wait() throws Exception {
    ReplyReader reader = stores.replyReader(Clients.next(), "0");
    CompletableFuture<List<String>> read =
        CompletableFuture.supplyAsync(() -> reader.read(Duration.ofMinutes(1)));
    wait(Duration.ofMillis(200));
    reader.close();

    assertThat(read.get(5, TimeUnit.SECONDS)).isEmpty();
  }

  @Test
  void stale_connections_are_replaced_without_an_error() {
    String client = Clients.next();
    stores.outcomeStore().deliver(List.of(Samples.outcome(client, "a", "x")));
    cutConnections();

    assertThat(stores.outcomeStore().deliver(List.of(Samples.outcome(client, "b", "x"))))
        .extracting(Delivered::first)
        .containsExactly(true);
  }

  @Test
  void stored_bytes_are_those_of_the_codec() {
    String client = Clients.next();
    Outcome outcome = Samples.outcome(client, "r", "x");
    stores.outcomeStore().deliver(List.of(outcome));

    byte[] key = RedisKeys.result(client, "r").getBytes(StandardCharsets.UTF_8);
    assertThat(raw.get(key)).isEqualTo(OutcomeCodec.toStored(outcome));
  }

  private static AbstractStringAssert<?> assertFails(ThrowingCallable call, ErrorCode code) {
    return assertThatThrownBy(call)
        .isInstanceOf(FailureException.class)
        .satisfies(e -> assertThat(((FailureException) e).failure().code()).isEqualTo(code))
        .extracting(Throwable::getMessage)
        .asInstanceOf(InstanceOfAssertFactories.STRING);
  }
}
