package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.StreamEntryID;

/** Reply readers that wait, and connections that are cut under readers and stores. */
class RedisConnectionsIT extends RedisServerSuite {
  private void cutConnections() {
    raw.executeCommand(
        new CommandArguments(Protocol.Command.CLIENT)
            .addObjects("KILL", "TYPE", "normal", "SKIPME", "yes"));
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
}
