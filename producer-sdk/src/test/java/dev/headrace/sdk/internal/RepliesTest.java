package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.sdk.OverloadedException;
import dev.headrace.sdk.ResultLostException;
import dev.headrace.sdk.ResultTimeoutException;
import dev.headrace.sdk.internal.World.Told;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RepliesTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final World world = new World();

  private Told submitted(String id) {
    Told told = world.submit(id);
    world.send();
    return told;
  }

  @Test
  void announced_outcome_ends_its_request() {
    Told a = submitted("a");
    Told b = submitted("b");
    world.work();
    world.receive();

    assertThat(World.text(a.outcome())).isEqualTo("result of a");
    assertThat(World.text(b.outcome())).isEqualTo("result of b");
  }

  @Test
  void outcome_that_cannot_be_read_is_reported_and_hides_no_other() {
    Told a = submitted("a");
    Told b = submitted("b");
    world.unreadable.add("a");
    world.work();
    world.receive();

    assertThat(a.failure())
        .isInstanceOf(ResultLostException.class)
        .hasMessageContaining("outcome of request a cannot be read: malformed_event");
    assertThat(World.text(b.outcome())).isEqualTo("result of b");
  }

  @Test
  void replies_of_an_earlier_process_are_no_obstacle() {
    world.store.deliver(List.of(world.result(world.request("old", "text"))));
    Told told = submitted("a");
    world.work();
    world.receive();

    assertThat(told.outcome().id()).isEqualTo("a");
  }

  @Test
  void outcome_that_the_stream_did_not_announce_is_found_by_the_sweep() {
    Told told = submitted("a");
    world.store.deliver(List.of(unannounced(world.result(world.request("a", "text of a")))));
    world.receive();
    assertThat(told.waits()).isTrue();

    world.receiveFor(Duration.ofSeconds(31));
    assertThat(told.outcome().id()).isEqualTo("a");
  }

  @Test
  void request_submitted_before_that_the_sender_could_not_look_up_is_looked_up_here() {
    world.store.deliver(List.of(world.result(world.request("key", "text"))));
    world.receive(); // from now on no reply announces it
    world.outage.begin();
    Told told = world.submit(world.request("key", "text"), true);
    world.send();
    world.outage.end();
    world.receiveFor(SECOND);

    assertThat(World.text(told.outcome())).isEqualTo("result of key");
  }

  @Test
  void what_ended_while_redis_did_not_answer_is_found_when_it_is_back() {
    Told told = submitted("a");
    world.receive();
    world.outage.begin();
    world.receive();
    world.outage.end();
    world.work();
    world.receiveFor(SECOND);

    assertThat(told.outcome().id()).isEqualTo("a");
    assertThat(world.outcomes.opened()).isZero();
  }

  @Test
  void announced_ids_whose_look_up_failed_are_not_forgotten() {
    Told told = submitted("a");
    world.work();
    world.findsFail = true; // the stream's position moves on, its ids are lost
    world.receive();
    world.findsFail = false;
    world.outcomes.down(true);
    world.receiveFor(SECOND);

    assertThat(told.outcome().id()).isEqualTo("a");
  }

  @Test
  void while_redis_stays_away_outcomes_come_from_kafka() {
    Told told = submitted("a");
    world.work();
    world.outage.begin();
    world.receive();
    assertThat(told.waits()).isTrue();
    world.receiveFor(Duration.ofSeconds(4));
    assertThat(world.outcomes.opened()).isZero();

    world.receiveFor(Duration.ofSeconds(3));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
    assertThat(world.outcomes.opened()).isEqualTo(1);
    assertThat(world.outcomes.open()).isZero(); // nothing is waited for any more
  }

  @Test
  void outcomes_that_redis_took_and_lost_come_from_kafka() {
    Told told = submitted("a");
    world.work();
    world.outage.begin();
    world.receive();
    world.store.clear();
    world.outage.end();

    world.receiveFor(Duration.ofSeconds(3));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
  }

  @Test
  void outcome_that_was_evicted_before_it_was_read_comes_from_kafka_long_before_it_is_overdue() {
    Told evicted = submitted("a");
    Told kept = submitted("b");
    world.work();
    world.store.evict(World.CLIENT, "a");
    world.receiveFor(Duration.ofSeconds(3));

    assertThat(World.text(kept.outcome())).isEqualTo("result of b");
    assertThat(World.text(evicted.outcome())).isEqualTo("result of a");
    assertThat(world.outcomes.open()).isZero(); // nothing is waited for any more
  }

  @Test
  void kafka_is_left_when_all_was_read_that_redis_may_have_lost() {
    Told unfinished = submitted("a");
    world.outage.begin();
    world.receive();
    world.outage.end();
    world.receiveFor(Duration.ofSeconds(3));
    assertThat(world.outcomes.open()).isEqualTo(1);

    world.receiveFor(Replies.CATCH_UP);

    assertThat(world.outcomes.open()).isZero();
    assertThat(unfinished.waits()).isTrue();
  }

  @Test
  void long_topic_is_read_to_its_end() {
    Told told = submitted("a");
    for (int i = 0; i < 500; i++) { // more than the polls of the time to catch up can read
      Address address = new Address("other", "id" + i, false, null);
      publish(Outcomes.cancelled(address, world.time.instant(), "/other"));
    }
    world.work();
    world.outage.begin();
    world.receive();
    world.store.clear();
    world.outage.end();
    world.receiveFor(Duration.ofSeconds(45));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
    assertThat(world.outcomes.opened()).isEqualTo(1);
  }

  private void publish(Outcome outcome) {
    world.outcomes.send(Topics.OUTCOMES, OutcomeCodec.encode(outcome), failure -> {});
  }

  @Test
  void data_lost_without_a_sign_is_made_up_for_before_the_request_is_given_up() {
    Told told = submitted("a");
    world.receive();
    world.work();
    world.store.clear();
    world.receiveFor(Duration.ofSeconds(60 + 17));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
  }

  @Test
  void reply_topic_is_read_too() {
    Told told =
        world.submit(world.request("a", "text", "my.topic", CacheMode.USE, Duration.ofMinutes(1)));
    world.send();
    world.work();
    world.outage.begin();
    world.receive();
    world.receiveFor(Duration.ofSeconds(7));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
    assertThat(world.outcomes.records("my.topic")).hasSize(1);
    assertThat(world.outcomes.records(Topics.OUTCOMES)).isEmpty();
  }

  @Test
  void outcome_of_another_client_with_the_same_id_is_not_ours() {
    Told told = submitted("a");
    publish(
        Outcomes.cancelled(new Address("other", "a", true, null), world.time.instant(), "/other"));
    world.outage.begin();
    world.receive();
    world.receiveFor(Duration.ofSeconds(7));

    assertThat(told.waits()).isTrue();
  }

  @Test
  void garbage_in_the_topic_is_skipped() {
    Told told = submitted("a");
    byte[] key = "a".getBytes(StandardCharsets.UTF_8);
    world.outcomes.send(Topics.OUTCOMES, new WireRecord(key, List.of(), null), failure -> {});
    world.outcomes.send(Topics.OUTCOMES, new WireRecord(null, List.of(), null), failure -> {});
    world.work();
    world.outage.begin();
    world.receive();
    world.receiveFor(Duration.ofSeconds(7));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
  }

  @Test
  void large_result_published_by_reference_is_fetched_when_redis_is_back() {
    Told told = world.submit(world.request("a", World.BIG));
    world.send();
    world.work();
    world.outage.begin();
    world.receive();
    world.receiveFor(Duration.ofSeconds(7));
    assertThat(told.waits()).isTrue();
    world.outage.end();
    world.receiveFor(SECOND);

    assertThat(World.text(told.outcome())).startsWith("result of a");
  }

  @Test
  void large_result_that_redis_lost_is_reported_lost() {
    Told told = world.submit(world.request("a", World.BIG));
    world.send();
    world.work();
    world.outage.begin();
    world.receive();
    world.store.clear();
    world.receiveFor(Duration.ofSeconds(7));
    world.outage.end();
    world.receiveFor(Duration.ofSeconds(3));

    assertThat(told.failure())
        .isInstanceOf(ResultLostException.class)
        .hasMessageContaining("request a has ended, but Redis has lost its result");
  }

  @Test
  void without_kafka_the_topic_is_tried_again_later() {
    Told told = submitted("a");
    world.work();
    world.outage.begin();
    world.receive();
    world.outcomes.down(true);
    world.receiveFor(Duration.ofSeconds(10));
    assertThat(told.waits()).isTrue();
    world.outcomes.down(false);
    world.receiveFor(Duration.ofSeconds(7));

    assertThat(told.outcome().id()).isEqualTo("a");
  }

  @Test
  void broker_that_goes_while_the_topic_is_read_loses_nothing() {
    Told told = submitted("a");
    world.outage.begin();
    world.receive();
    world.receiveFor(Duration.ofSeconds(7));
    assertThat(world.outcomes.open()).isEqualTo(1);
    world.outcomes.down(true);
    world.receiveFor(Duration.ofSeconds(2));
    publish(world.result(world.request("a", "text of a")));
    world.outcomes.down(false);
    world.receiveFor(Duration.ofSeconds(7));

    assertThat(World.text(told.outcome())).isEqualTo("result of a");
  }

  @Test
  void nothing_by_deadline_and_grace_is_a_timeout_that_names_the_request() {
    Told told = submitted("a");
    world.receiveFor(Duration.ofSeconds(89));
    assertThat(told.waits()).isTrue();
    world.receiveFor(Duration.ofSeconds(3));

    assertThat(told.failure())
        .isInstanceOf(ResultTimeoutException.class)
        .hasMessageStartingWith("request a: no outcome PT1M")
        .hasMessageEndingWith("(expected: by its deadline 2026-11-23T10:01:00Z)");
  }

  @Test
  void last_look_before_the_timeout_finds_a_late_outcome() {
    World rarely = new World(Map.of("sdk.sweep-interval", "1h"));
    Told told = rarely.submit("a");
    rarely.send();
    rarely.receiveFor(Duration.ofSeconds(89));
    rarely.store.deliver(List.of(unannounced(rarely.result(rarely.request("a", "text of a")))));
    rarely.receiveFor(Duration.ofSeconds(3));

    assertThat(told.outcome().id()).isEqualTo("a");
  }

  /** As if its entry had been cut off the stream. */
  private static Outcome unannounced(Outcome outcome) {
    return new Outcome(
        new Address(World.CLIENT, outcome.id(), false, null),
        outcome.status(),
        outcome.failure(),
        outcome.time(),
        outcome.source(),
        outcome.details(),
        outcome.body(),
        outcome.trace());
  }

  @Test
  void requests_are_given_up_also_while_redis_and_kafka_are_away() {
    Told told = submitted("a");
    world.outage.begin();
    world.outcomes.down(true);
    world.receiveFor(Duration.ofSeconds(92));

    assertThat(told.failure()).isInstanceOf(ResultTimeoutException.class);
  }

  @Test
  void requests_that_wait_are_bounded_and_room_comes_back() {
    World small = new World(Map.of("sdk.max-pending", "2"));
    small.submit("a");
    small.submit("b");
    assertThatThrownBy(() -> small.submit("c"))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("request c was not taken: 2 requests wait for their outcomes");
    small.send();
    small.work();
    small.receive();

    assertThat(small.submit("c").waits()).isTrue();
  }
}
