package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.transport.redis.ResultCache.Settlement;
import dev.headrace.transport.testing.Samples;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The stores over a real Redis keep the contracts. */
class RedisStoresIT extends RedisServerSuite {
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
      RedisServerSuite.wait(time);
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
      RedisServerSuite.wait(time);
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
      RedisServerSuite.wait(time);
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
  void outcomes_and_the_leaderships_that_end_with_them_go_together() {
    String client = Clients.next();
    String key = Clients.cacheKey();
    String failing = Clients.cacheKey();
    ResultCache cache = stores.resultCache();
    for (String of : List.of(key, failing)) {
      for (String id : List.of("a", "b")) {
        cache.resolve(
            List.of(
                new Question(of, Samples.outcome(client, id, ""), Duration.ofSeconds(30), true)));
      }
    }
    Outcome result = Samples.outcome(client, "a", "x");
    DeliveryStore.Done done =
        stores
            .deliveryStore()
            .deliver(
                List.of(result, Samples.outcome(client, "other", "y")),
                List.of(
                    new Settlement(key, client + "/a", result),
                    new Settlement(failing, client + "/a", null)));

    assertThat(done.delivered()).extracting(OutcomeStore.Delivered::first).containsOnly(true);
    assertThat(done.delivered()).hasSize(2);
    assertThat(done.released().get(0)).containsExactly(Samples.outcome(client, "b", ""));
    assertThat(done.released().get(1)).isEmpty();
    assertThat(cache.lookup(List.of(key, failing)))
        .containsExactly(Optional.of(result), Optional.empty());
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
  void mark_keeps_the_time_to_live() {
    String client = Clients.next();
    Outcome outcome = Samples.outcome(client, "r", "x");
    stores.outcomeStore().deliver(List.of(outcome));
    stores.outcomeStore().markPublished(List.of(outcome.address()));

    assertThat(raw.pttl(RedisKeys.result(client, "r"))).isPositive();
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
  void stored_bytes_are_those_of_the_codec() {
    String client = Clients.next();
    Outcome outcome = Samples.outcome(client, "r", "x");
    stores.outcomeStore().deliver(List.of(outcome));

    byte[] key = RedisKeys.result(client, "r").getBytes(StandardCharsets.UTF_8);
    assertThat(raw.get(key)).isEqualTo(OutcomeCodec.toStored(outcome));
  }
}
