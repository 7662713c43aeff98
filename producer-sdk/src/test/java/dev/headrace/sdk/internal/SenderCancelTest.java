package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.internal.World.Told;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests that are cancelled before and after they were sent. */
class SenderCancelTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final World world = new World();

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
}
