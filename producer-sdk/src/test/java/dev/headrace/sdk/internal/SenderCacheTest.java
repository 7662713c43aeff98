package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.internal.World.Told;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests that need not be run: the shared cache and the client's own answer. */
class SenderCacheTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final World world = new World();

  @Test
  void cached_result_answers_without_kafka_and_is_stored() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.cacheResult("known");

    Told told = world.submit(world.request("a", "known"));
    world.send();

    assertThat(World.text(told.outcome())).isEqualTo("cached result");
    assertThat(told.outcome().detail(Detail.CACHE)).isEqualTo("hit");
    assertThat(told.outcome().detail(Detail.USD)).isEqualTo("0");
    assertThat(world.sent()).isEmpty();
    assertThat(world.core.find("a")).contains(told.outcome());
    assertThat(world.store.replies(World.CLIENT)).isEmpty();
  }

  @Test
  void cache_is_not_asked_while_the_revision_is_unknown_loading_or_ambiguous() {
    world.cacheResult("known");
    world.submit(world.request("a", "known"));
    world.send();
    world.worker("w1", World.REVISION, WorkerState.LOADING);
    world.time.advance(Duration.ofSeconds(4));
    world.submit(world.request("b", "known"));
    world.send();
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.worker("w2", "r2", WorkerState.READY);
    world.time.advance(Duration.ofSeconds(4));
    world.submit(world.request("c", "known"));
    world.send();

    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("a", "b", "c");
  }

  @Test
  void revisions_are_read_again_after_a_while() {
    world.cacheResult("known");
    world.submit(world.request("a", "known"));
    world.send();
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.submit(world.request("b", "known"));
    world.send();
    world.time.advance(Duration.ofSeconds(3));
    Told later = world.submit(world.request("c", "known"));
    world.send();

    assertThat(later.outcome().status()).isEqualTo(Status.OK);
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("a", "b");
  }

  @Test
  void cache_is_not_asked_for_those_who_do_not_want_it_or_who_have_a_reply_topic() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.cacheResult("known");
    Told a = world.submit(world.request("a", "known", null, CacheMode.BYPASS, MINUTE));
    Told b = world.submit(world.request("b", "known", "my.topic", CacheMode.USE, MINUTE));

    world.send();

    assertThat(List.of(a, b)).allMatch(Told::waits);

    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("a", "b");
  }

  /** The world's worker fills no shared cache, so what answers here is the client's own. */
  private void resultOfOnesOwn() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.submit(world.request("first", "same"));
    world.send();
    world.work();
    world.receive();
  }

  @Test
  void result_that_the_client_met_answers_equal_requests_and_is_stored() {
    resultOfOnesOwn();
    Told told = world.submit(world.request("second", "same"));
    world.send();

    assertThat(World.text(told.outcome())).isEqualTo("result of first");
    assertThat(told.outcome().detail(Detail.CACHE)).isEqualTo("hit");
    assertThat(world.store.find(List.of(world.request("second", "same").address())).get(0))
        .isPresent();
    assertThat(world.sent()).hasSize(1);
    assertThat(world.core.cacheStats().nearHits()).isEqualTo(1);
    assertThat(world.core.cacheStats().misses()).isEqualTo(1);
  }

  @Test
  void own_result_does_not_answer_one_that_wants_to_be_run() {
    resultOfOnesOwn();
    world.submit(world.request("second", "same", null, CacheMode.BYPASS, MINUTE));
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("first", "second");
  }

  @Test
  void result_of_another_revision_than_was_looked_for_is_not_kept() {
    world.revision = "r2";
    resultOfOnesOwn();
    world.submit(world.request("second", "same"));
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("first", "second");
  }

  /** Another process of this client may have asked something else with the same key. */
  @Test
  void result_of_an_idempotency_key_is_not_kept_for_equal_requests() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.submit(world.request("key", "same"), true);
    world.send();
    world.work();
    world.receive();
    world.submit(world.request("second", "same"));
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("key", "second");
  }

  @Test
  void own_result_ends_with_its_time_and_with_its_revision() {
    resultOfOnesOwn();
    world.time.advance(Duration.ofSeconds(30));
    world.worker("w1", "r2", WorkerState.READY);
    world.submit(world.request("second", "same"));
    world.send();
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.time.advance(Duration.ofSeconds(31));
    world.submit(world.request("third", "same"));
    world.send();
    assertThat(world.sent())
        .extracting(InferenceRequest::id)
        .containsExactly("first", "second", "third");
  }

  @Test
  void request_cancelled_before_its_cached_answer_stays_cancelled() {
    resultOfOnesOwn();
    Told told = world.submit(world.request("second", "same"));
    world.core.cancel("second");
    world.send();
    assertThat(told.outcome().status()).isEqualTo(Status.CANCELLED);
    assertThat(world.sent()).hasSize(1);
  }

  @Test
  void cache_hit_whose_storing_got_no_answer_is_sent_and_ends_once() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.cacheResult("known");
    world.submit("first"); // reads the revisions
    world.send();
    world.outage.loseAnswers();
    Told told = world.submit(world.request("a", "known"));
    world.send();
    world.outage.end();
    world.time.advance(Duration.ofSeconds(3));
    world.receive();
    world.work();
    world.receive();
    world.receive();

    assertThat(told.outcome().status()).isEqualTo(Status.OK);
  }
}
