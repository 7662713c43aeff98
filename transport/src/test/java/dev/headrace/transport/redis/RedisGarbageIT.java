package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What others put where a store expects its own. */
class RedisGarbageIT extends RedisServerSuite {
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

  private static AbstractStringAssert<?> assertFails(ThrowingCallable call, ErrorCode code) {
    return assertThatThrownBy(call)
        .isInstanceOf(FailureException.class)
        .satisfies(e -> assertThat(((FailureException) e).failure().code()).isEqualTo(code))
        .extracting(Throwable::getMessage)
        .asInstanceOf(InstanceOfAssertFactories.STRING);
  }
}
