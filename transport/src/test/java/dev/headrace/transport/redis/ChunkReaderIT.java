package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedRedis;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.naming.RedisKeys;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.StreamEntryID;

/** What a reader of streamed text gets from a real Redis, and from one that goes away. */
class ChunkReaderIT {
  private static final Duration WAIT = Duration.ofMillis(100);

  private final String client = Clients.next();
  private final Map<String, String> positions = new LinkedHashMap<>();
  private EmbeddedRedis redis;
  private RedisStores stores;
  private ChunkReader reader;

  @BeforeEach
  void start() {
    redis = EmbeddedRedis.builder().build().start();
    Map<String, String> settings =
        Map.of("redis.uri", redis.uri(), "redis.timeout", "500ms", "redis.chunk-max-length", "100");
    stores = RedisStores.connect(RedisConfig.read(Settings.of(settings)));
    reader = stores.chunkReader(client);
  }

  @AfterEach
  void stop() {
    reader.close();
    stores.close();
    redis.close();
  }

  private void append(String id, int from, int to) {
    List<ChunkStore.Piece> pieces = new ArrayList<>();
    for (int i = from; i < to; i++) {
      byte[] chunk = (id + i).getBytes(StandardCharsets.UTF_8);
      pieces.add(new ChunkStore.Piece(client, id, "e1", i, chunk));
    }
    stores.chunkStore().append(pieces);
  }

  /** Reads on where the last piece was, as the SDK does. */
  private List<String> read(Duration wait) {
    List<String> texts = new ArrayList<>();
    for (ChunkReader.Piece piece : reader.read(positions, wait)) {
      positions.put(piece.id(), piece.position());
      texts.add(new String(piece.chunk(), StandardCharsets.UTF_8));
      assertThat(piece.epoch()).isEqualTo("e1");
      assertThat(texts.get(texts.size() - 1)).endsWith(Integer.toString(piece.offset()));
    }
    return texts;
  }

  /** Until so many pieces are there; each failure must be that of a store that is away. */
  private List<String> readAll(int count) {
    List<String> texts = new ArrayList<>();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              try {
                texts.addAll(read(WAIT));
              } catch (FailureException e) {
                assertThat(e.failure().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
              }
              return texts.size() >= count;
            });
    return texts;
  }

  private static List<String> texts(String id, int from, int to) {
    List<String> texts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      texts.add(id + i);
    }
    return texts;
  }

  private void raw(Consumer<RedisClient> use) {
    try (RedisClient other = RedisClient.create(URI.create(redis.uri()))) {
      use.accept(other);
    }
  }

  @Test
  void pieces_of_several_requests_come_in_order_each_once() {
    positions.put("a", ChunkReader.BEGINNING);
    positions.put("b", ChunkReader.BEGINNING);
    assertThat(read(WAIT)).isEmpty();
    append("a", 0, 3);
    append("b", 0, 2);
    append("other", 0, 2);
    assertThat(readAll(5)).containsExactlyInAnyOrder("a0", "a1", "a2", "b0", "b1");
    append("a", 3, 5);
    assertThat(readAll(2)).containsExactly("a3", "a4");
    assertThat(read(WAIT)).isEmpty();
  }

  @Test
  void waiting_reader_is_woken_by_a_piece() throws Exception {
    positions.put("a", ChunkReader.BEGINNING);
    CompletableFuture<List<String>> read =
        CompletableFuture.supplyAsync(() -> read(Duration.ofMinutes(1)));
    append("a", 0, 1);
    assertThat(read.get(20, TimeUnit.SECONDS)).containsExactly("a0");
  }

  @Test
  void closing_a_reader_ends_its_wait() throws Exception {
    positions.put("a", ChunkReader.BEGINNING);
    CompletableFuture<List<String>> read =
        CompletableFuture.supplyAsync(() -> read(Duration.ofMinutes(1)));
    await()
        .until(
            () -> {
              Map<String, Long> blocked = new HashMap<>();
              raw(c -> blocked.put("n", blockedClients(c)));
              return blocked.get("n") == 1;
            });
    reader.close();
    assertThat(read.get(20, TimeUnit.SECONDS)).isEmpty();
  }

  private static long blockedClients(RedisClient c) {
    String info = c.info("clients");
    return info.lines()
        .filter(l -> l.startsWith("blocked_clients:"))
        .mapToLong(l -> Long.parseLong(l.substring("blocked_clients:".length()).strip()))
        .sum();
  }

  @Test
  void nothing_is_lost_or_doubled_when_connections_are_cut() {
    positions.put("a", ChunkReader.BEGINNING);
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 20; i += 2) {
      append("a", i, i + 2);
      if (i % 4 == 0) {
        raw(
            c ->
                c.executeCommand(
                    new CommandArguments(Command.CLIENT)
                        .addObjects("KILL", "TYPE", "normal", "SKIPME", "yes")));
      }
      all.addAll(readAll(2));
    }
    assertThat(all).isEqualTo(texts("a", 0, 20));
  }

  @Test
  void redis_that_restarts_empty_is_read_on() {
    positions.put("a", ChunkReader.BEGINNING);
    append("a", 0, 4);
    assertThat(readAll(4)).isEqualTo(texts("a", 0, 4));
    redis.stop();
    assertThat(catchThrowableOfType(FailureException.class, () -> read(WAIT))).isNotNull();
    redis.start();
    append("a", 4, 8);
    assertThat(readAll(4)).isEqualTo(texts("a", 4, 8));
  }

  @Test
  void stream_is_bounded_and_an_entry_of_somebody_else_is_no_end() {
    positions.put("a", ChunkReader.BEGINNING);
    append("a", 0, 1000);
    raw(c -> assertThat(c.xlen(RedisKeys.chunks(client, "a"))).isBetween(100L, 300L));
    raw(
        c ->
            c.xadd(
                RedisKeys.chunks(client, "b"), StreamEntryID.NEW_ENTRY, Map.of("nonsense", "1")));
    positions.put("b", ChunkReader.BEGINNING);
    List<ChunkReader.Piece> pieces =
        reader.read(Map.of("b", ChunkReader.BEGINNING), Duration.ofSeconds(5));
    assertThat(pieces).hasSize(1);
    assertThat(pieces.get(0).chunk()).isEmpty();
    assertThat(pieces.get(0).offset()).isZero();
  }
}
