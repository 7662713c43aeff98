package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.OverloadedException;
import dev.headrace.sdk.SendFailedException;
import dev.headrace.sdk.internal.World.Told;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SenderTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final World world = new World();

  @Test
  void request_goes_to_the_topic_of_its_tier_as_it_was_given() {
    InferenceRequest request = world.request("a", "text");
    world.submit(request);

    world.send();

    assertThat(world.sent()).containsExactly(request);
  }

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
  void request_submitted_before_gets_the_outcome_that_stands() {
    InferenceRequest request = world.request("key-1", "text");
    world.store.deliver(List.of(world.result(request, "first answer")));

    Told told = world.submit(request, true);
    world.send();

    assertThat(World.text(told.outcome())).isEqualTo("first answer");
    assertThat(world.sent()).isEmpty();
  }

  @Test
  void request_submitted_twice_at_once_is_sent_once_and_tells_both() {
    Told first = world.submit(world.request("key-1", "text"), true);
    Told second = world.submit(world.request("key-1", "text"), true);

    world.send();
    world.work();
    world.receive();

    assertThat(world.sent()).hasSize(1);
    assertThat(first.outcome()).isEqualTo(second.outcome());
  }

  @Test
  void without_redis_requests_still_go_to_kafka() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.cacheResult("known");
    world.outage.begin();

    world.submit(world.request("a", "known"));
    world.submit(world.request("b", "other"), true);
    world.send();

    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("a", "b");
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

  @Test
  void refused_send_is_tried_again_until_it_is_taken() {
    world.producer.fail();
    Told told = world.submit("a");
    world.send();
    world.time.advance(Duration.ofSeconds(1));
    world.send();
    world.producer.failWith(null);
    world.time.advance(Duration.ofSeconds(1));
    world.send();

    assertThat(world.sent()).hasSize(1);
    assertThat(told.waits()).isTrue();
  }

  @Test
  void send_that_is_never_taken_fails_after_the_send_timeout() {
    world.producer.fail();
    Told told = world.submit("a");
    for (int i = 0; i < 31; i++) {
      world.send();
      world.time.advance(Duration.ofSeconds(1));
    }
    world.send();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("request a was not sent")
        .hasMessageContaining("fake broker is down")
        .hasCauseInstanceOf(dev.headrace.protocol.FailureException.class);
    assertThat(told.failure().requestId()).contains("a");
  }

  @Test
  void send_that_gets_no_answer_fails_after_the_send_timeout() {
    world.producer.hold();
    Told told = world.submit("a");
    world.send();
    world.time.advance(Duration.ofSeconds(31));
    world.receive();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("not acknowledged by Kafka within PT30S");
    world.producer.release(); // too late: nobody is told twice
    assertThat(told.times()).isEqualTo(1);
  }

  @Test
  void request_that_waited_too_long_in_the_queue_is_not_sent() {
    Told told = world.submit("a");
    world.time.advance(Duration.ofSeconds(31));
    world.send();

    assertThat(told.failure()).isInstanceOf(SendFailedException.class);
    assertThat(world.sent()).isEmpty();
  }

  @Test
  void send_that_cannot_succeed_fails_at_once() {
    world.producer.failWith(new Failure(ErrorCode.INPUT_TOO_LARGE, "record of 2 MB"));
    Told told = world.submit("a");
    world.send();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("record of 2 MB");
  }

  @Test
  void large_body_travels_by_reference() {
    InferenceRequest request = world.request("a", World.BIG);
    world.submit(request);
    world.send();

    String key = RedisKeys.blob(World.CLIENT, "a");
    assertThat(world.sent().get(0).payload().reference()).isEqualTo(key);
    assertThat(world.sent().get(0).size()).isEqualTo(request.size());
    assertThat(world.store.blob(key)).contains(request.payload().bytes());
  }

  @Test
  void large_body_waits_for_redis_and_does_not_hold_up_others() {
    world.outage.begin();
    world.submit(world.request("a", World.BIG));
    world.submit("b");
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("b");

    world.outage.end();
    world.time.advance(Duration.ofSeconds(3));
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("b", "a");
  }

  @Test
  void large_body_that_redis_never_takes_fails_after_the_send_timeout() {
    world.outage.begin();
    Told told = world.submit(world.request("a", World.BIG));
    for (int i = 0; i < 31; i++) {
      world.send();
      world.time.advance(Duration.ofSeconds(1));
    }
    world.send();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("fake store is down");
  }

  @Test
  void request_cancelled_in_the_queue_is_not_sent() {
    Told told = world.submit("a");

    assertThat(world.core.cancel("a").status()).isEqualTo(Status.CANCELLED);
    world.send();

    assertThat(told.outcome().status()).isEqualTo(Status.CANCELLED);
    assertThat(world.sent()).isEmpty();
  }

  @Test
  void request_with_reply_topic_cancelled_in_the_queue_is_sent_for_the_topic_to_learn_it() {
    Told told = world.submit(world.request("a", "text", "my.topic", CacheMode.USE, MINUTE));
    world.core.cancel("a");
    world.send();

    assertThat(told.outcome().status()).isEqualTo(Status.CANCELLED);
    assertThat(told.outcome().address().replyTo()).isEqualTo("my.topic");
    assertThat(world.sent()).hasSize(1);
  }

  @Test
  void cancelled_future_cancels_its_request_on_the_senders_thread() {
    Told told = world.submit("a");
    world.send();
    world.core.cancelSoon("a");
    assertThat(told.waits()).isTrue();

    world.send();

    assertThat(told.outcome().status()).isEqualTo(Status.CANCELLED);
    assertThat(world.core.find("a").orElseThrow().status()).isEqualTo(Status.CANCELLED);
  }

  @Test
  void cancellation_waits_for_redis() {
    Told told = world.submit("a");
    world.send();
    world.outage.begin();
    world.core.cancelSoon("a");
    world.send();
    world.outage.end();
    world.time.advance(Duration.ofSeconds(3));
    world.send();

    assertThat(told.outcome().status()).isEqualTo(Status.CANCELLED);
  }

  @Test
  void cancelling_what_has_an_outcome_changes_nothing() {
    Told told = world.submit("a");
    world.send();
    world.work();

    assertThat(world.core.cancel("a").status()).isEqualTo(Status.OK);
    assertThat(told.outcome().status()).isEqualTo(Status.OK);
  }

  @Test
  void cancelled_result_wins_over_a_cache_hit() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.cacheResult("known");
    InferenceRequest request = world.request("a", "known");
    Told told = world.submit(request);
    Address address = request.address();
    world.store.deliver(List.of(Outcomes.cancelled(address, world.time.instant(), "/elsewhere")));

    world.send();

    assertThat(told.outcome().status()).isEqualTo(Status.CANCELLED);
  }

  @Test
  void full_queue_refuses_after_the_wait_and_forgets_the_request() {
    World small = new World(Map.of("sdk.queue-requests", "1"));
    small.submit("a");
    Told second = small.submit("b");

    assertThat(second.failure())
        .isInstanceOf(OverloadedException.class)
        .hasMessage("request b was not taken: the queue of requests to send is full");
    assertThat(small.core.table().get("b")).isNull();
  }
}
