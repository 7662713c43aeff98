package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedRedis;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.transport.testing.Samples;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;

/** A Redis that is away, slow, full, locked or a cluster; its own server, which is mistreated. */
class RedisTroubleIT {
  private final EmbeddedRedis.Builder server = EmbeddedRedis.builder();
  private EmbeddedRedis redis;
  private RedisStores stores;

  private void start(Map<String, String> settings) {
    redis = server.build().start();
    connect(redis.uri(), settings);
  }

  private void connect(String uri, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("redis.uri", uri);
    all.put("redis.timeout", "500ms");
    stores = RedisStores.connect(RedisConfig.read(Settings.of(all)));
  }

  @AfterEach
  void stop() {
    if (stores != null) {
      stores.close();
    }
    if (redis != null) {
      redis.close();
    }
  }

  private void raw(Consumer<RedisClient> use) {
    try (RedisClient client = RedisClient.create(URI.create(redis.uri()))) {
      use.accept(client);
    }
  }

  private static void run(RedisClient client, Command command, Object... arguments) {
    client.executeCommand(new CommandArguments(command).addObjects(arguments));
  }

  private List<Delivered> deliver(String id) {
    return stores.outcomeStore().deliver(List.of(Samples.outcome("c", id, "x")));
  }

  private FailureException failure() {
    long begin = System.nanoTime();
    FailureException e = catchThrowableOfType(FailureException.class, () -> deliver("r"));
    assertThat(e).isNotNull();
    assertThat(e.failure().code()).as(e.getMessage()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
    return e;
  }

  @Test
  void redis_that_is_away_fails_each_call_and_works_again_when_it_is_back() {
    start(Map.of());
    deliver("a");
    redis.stop();
    failure();
    failure();
    assertThat(catchThrowableOfType(FailureException.class, () -> stores.deviceRegistry().list()))
        .isNotNull();
    redis.start();

    assertThat(deliver("b")).extracting(Delivered::first).containsExactly(true);
  }

  @Test
  void program_may_start_before_redis() {
    start(Map.of());
    redis.stop();
    connect(redis.uri(), Map.of());
    failure();
    ReplyReader reader = stores.replyReader("c", "0");
    assertThat(
            catchThrowableOfType(FailureException.class, () -> reader.read(Duration.ofMillis(10))))
        .isNotNull();
    redis.start();

    deliver("a");
    assertThat(reader.read(Duration.ofSeconds(5))).containsExactly("a");
    reader.close();
  }

  @Test
  void redis_that_hangs_fails_within_the_timeout() {
    start(Map.of());
    deliver("a");
    raw(c -> run(c, Command.CLIENT, "PAUSE", "1500", "ALL"));
    failure();
    await().ignoreExceptions().until(() -> deliver("b").get(0) != null);
    assertThat(deliver("c2")).extracting(Delivered::first).containsExactly(true);
  }

  @Test
  void redis_without_memory_is_unavailable() {
    start(Map.of());
    raw(c -> run(c, Command.CONFIG, "SET", "maxmemory", "1"));
    assertThat(failure()).hasMessageContaining("OOM");
    raw(c -> run(c, Command.CONFIG, "SET", "maxmemory", "0"));

    assertThat(deliver("r")).extracting(Delivered::first).containsExactly(true);
  }

  /** Else the routers would take all workers for dead and move their work, for want of memory. */
  @Test
  void heartbeats_live_on_when_memory_is_full() {
    start(Map.of("redis.heartbeat-ttl", "1s"));
    DeviceRegistry devices = stores.deviceRegistry();
    assertThat(devices.claim(Samples.report("w1"), "a")).isEmpty();
    stores.routerRegistry().publish(new RouterReport("r1", Map.of()));
    raw(c -> run(c, Command.CONFIG, "SET", "maxmemory", "1"));
    for (int i = 0; i < 6; i++) {
      await().pollDelay(Duration.ofMillis(400)).until(() -> true);
      assertThat(devices.claim(Samples.report("w1"), "a")).isEmpty();
      assertThat(devices.claim(Samples.report("w1"), "b")).isPresent();
      stores.routerRegistry().publish(new RouterReport("r1", Map.of()));
    }
    assertThat(devices.claim(Samples.report("w2"), "c")).as("a new one is seen").isEmpty();

    assertThat(devices.list())
        .containsExactlyInAnyOrder(Samples.report("w1"), Samples.report("w2"));
    assertThat(stores.routerRegistry().list()).hasSize(1);
    assertThat(stores.crashLedger().crashes()).as("and it can be read").isEmpty();
  }

  @Test
  void read_only_replica_is_unavailable() {
    start(Map.of());
    raw(c -> run(c, Command.REPLICAOF, "127.0.0.1", "1"));
    failure();
    raw(c -> run(c, Command.REPLICAOF, "NO", "ONE"));

    assertThat(deliver("r")).extracting(Delivered::first).containsExactly(true);
  }

  @Test
  void wrong_password_is_unavailable_and_not_shown() {
    start(Map.of());
    raw(c -> run(c, Command.CONFIG, "SET", "requirepass", "right"));
    String address = redis.uri().substring("redis://".length());
    connect("redis://:hunter2@" + address, Map.of());
    assertThat(failure()).hasMessageNotContaining("hunter2").hasMessageNotContaining("right");
    connect("redis://" + address, Map.of());
    failure();
    connect("redis://default:right@" + address + "/3", Map.of());

    assertThat(deliver("r")).extracting(Delivered::first).containsExactly(true);
  }

  @Test
  void cluster_is_served_by_scripts_that_touch_one_slot_each() {
    server.setting("cluster-enabled", "yes");
    start(Map.of());
    raw(
        c -> {
          List<Object> slots = new ArrayList<>(List.of("ADDSLOTS"));
          IntStream.range(0, 16384).forEach(slots::add);
          run(c, Command.CLUSTER, slots.toArray());
        });
    await()
        .ignoreExceptions()
        .until(
            () -> {
              raw(c -> c.get("x"));
              return true;
            });
    connect(redis.uri(), Map.of("redis.cluster", "true"));

    List<Delivered> delivered =
        stores
            .outcomeStore()
            .deliver(
                IntStream.range(0, 100).mapToObj(i -> Samples.outcome("c" + i, "r", "x")).toList());
    assertThat(delivered).hasSize(100).allMatch(Delivered::first);
    Question a = new Question("k", Samples.outcome("c", "a", ""), Duration.ofSeconds(9), true);
    Question b = new Question("k", Samples.outcome("c", "b", ""), Duration.ofSeconds(9), true);
    assertThat(stores.resultCache().resolve(List.of(a, b)))
        .containsExactly(new Place.Lead(), new Place.Follow("c/a"));
    assertThat(stores.resultCache().settle("k", "c/a", Samples.outcome("c", "a", "x")))
        .containsExactly(b.waiting());
    stores.deviceRegistry().publish(Samples.report("w"));
    assertThat(stores.deviceRegistry().list()).containsExactly(Samples.report("w"));
    stores.crashLedger().started("x", List.of("c/a"));
    assertThat(stores.crashLedger().dead()).containsExactly("x");
    stores.crashLedger().bury(List.of("x"));
    assertThat(stores.crashLedger().crashes()).isEqualTo(Map.of("c/a", 1));
    try (ReplyReader reader = stores.replyReader("c7", "0")) {
      assertThat(reader.read(Duration.ofSeconds(1))).containsExactly("r");
    }
  }
}
