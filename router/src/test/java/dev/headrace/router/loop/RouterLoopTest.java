package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.redis.ResultCache;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RouterLoopTest {
  private final LoopRig rig = new LoopRig();

  /** One cheap slow lane and one dear fast one: 1 s at 1 $/h, 0.1 s at 100 $/h. */
  private void twoLanes() {
    rig.beat(
        heartbeat("w1", "slow").price(1).curve(1, 100),
        heartbeat("w2", "fast").price(100).curve(0.1, 100));
    rig.turns(3);
  }

  private void publish(RequestBuilder request) {
    rig.publish(request.at(rig.clock.instant()).build());
  }

  private static String key(InferenceRequest request) {
    return CacheKey.of("m", "r1", Task.EMBEDDINGS, request.payload().bytes());
  }

  private Outcome ok(InferenceRequest request) {
    Outcome waiting = Outcomes.waiting(request);
    return new Outcome(
        waiting.address(),
        Status.OK,
        null,
        rig.clock.instant(),
        "/headrace/workers/w1",
        Map.of(Detail.DEVICE_TYPE, "slow"),
        "{\"data\":[]}".getBytes(StandardCharsets.UTF_8),
        waiting.trace());
  }

  @Test
  void request_goes_to_the_cheapest_lane_with_its_assignment_and_is_acknowledged() {
    twoLanes();
    publish(request("a"));
    rig.turns(3);
    assertThat(rig.work("slow")).hasSize(1);
    assertThat(rig.work("slow").get(0).assignment())
        .isEqualTo(new Assignment("slow", "slow", "cheapest_in_time", null));
    assertThat(rig.consumer.unacknowledged()).isZero();
    assertThat(
            rig.counted(
                "decisions", "lane", "slow", "tier", "standard", "reason", "cheapest_in_time"))
        .isEqualTo(1);
  }

  @Test
  void record_is_not_acknowledged_before_the_work_topic_has_it() {
    twoLanes();
    rig.producer.hold();
    publish(request("a"));
    rig.turns(3);
    assertThat(rig.producer.waiting()).isEqualTo(1);
    assertThat(rig.consumer.unacknowledged()).isEqualTo(1);
    rig.producer.release();
    rig.turns(1);
    assertThat(rig.consumer.unacknowledged()).isZero();
    assertThat(rig.loop.inFlight()).isZero();
  }

  @Test
  void work_beyond_the_window_waits_in_the_buffer_and_follows_when_the_lane_drains() {
    twoLanes();
    for (int i = 0; i < 6; i++) {
      publish(request("r" + i));
    }
    rig.turns(10);
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1");
    rig.run(Duration.ofSeconds(2));
    assertThat(rig.workIds("slow")).hasSizeLessThan(4);
    rig.done.put("slow", rig.workIds("slow").size());
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).hasSizeBetween(4, 5);
    rig.done.put("slow", rig.workIds("slow").size());
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1", "r2", "r3", "r4", "r5");
    assertThat(rig.workIds("fast")).isEmpty();
  }

  @Test
  void what_would_be_late_behind_the_others_overflows() {
    twoLanes();
    for (int i = 0; i < 6; i++) {
      publish(request("r" + i).within(Duration.ofMillis(4500)));
    }
    rig.turns(10);
    // Slow does one a second: two in its window, two more in time, the rest would be late.
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1");
    assertThat(rig.workIds("fast")).containsExactly("r4", "r5");
    assertThat(rig.work("fast").get(0).assignment().reason()).isEqualTo("overflow");
  }

  @Test
  void expired_request_ends_at_admission_and_in_the_buffer() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.turns(3);
    publish(request("late").within(Duration.ZERO));
    rig.turns(2);
    assertThat(rig.outcome("late").status()).isEqualTo(Status.EXPIRED);

    rig.lag.put("slow", 100L);
    rig.run(Duration.ofSeconds(1));
    publish(request("waits").within(Duration.ofSeconds(1)));
    rig.turns(3);
    assertThat(rig.outcome("waits")).isNull();
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.outcome("waits").status()).isEqualTo(Status.EXPIRED);
    assertThat(rig.producer.records(Topics.OUTCOMES)).hasSize(2);
    assertThat(rig.consumer.unacknowledged()).isZero();
    assertThat(rig.deadLetters()).isEmpty();
  }

  @Test
  void cancelled_request_is_not_routed_and_kafka_gets_its_outcome() {
    twoLanes();
    Address address = request("a").build().address();
    rig.outcomes.deliver(List.of(Outcomes.cancelled(address, rig.clock.instant(), "/sdk")));
    publish(request("a"));
    rig.turns(3);
    assertThat(rig.workIds("slow")).isEmpty();
    List<WireRecord> published = rig.producer.records(Topics.OUTCOMES);
    assertThat(published).hasSize(1);
    assertThat(OutcomeCodec.decode(published.get(0)).status()).isEqualTo(Status.CANCELLED);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void nearer_deadline_overtakes_those_of_its_tier_that_wait() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.turns(3);
    for (int i = 0; i < 4; i++) {
      publish(request("r" + i).within(Duration.ofSeconds(60 + i)));
    }
    rig.turns(10);
    publish(request("near").within(Duration.ofSeconds(30)));
    publish(request("far").within(Duration.ofSeconds(90)));
    rig.turns(10);
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1");
    for (int i = 0; i < 4; i++) {
      rig.done.put("slow", rig.workIds("slow").size());
      rig.run(Duration.ofSeconds(1));
    }
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1", "near", "r2", "r3", "far");
  }

  @Test
  void request_cancelled_in_the_buffer_is_left_to_the_worker_and_expires_nobody() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.turns(3);
    for (int i = 0; i < 3; i++) {
      publish(request("r" + i));
    }
    rig.turns(10);
    Address address = request("r2").build().address();
    rig.outcomes.deliver(List.of(Outcomes.cancelled(address, rig.clock.instant(), "/sdk")));
    rig.done.put("slow", 2);
    rig.run(Duration.ofSeconds(2));
    // The worker looks again before it runs a request; the outcome that stands is CANCELLED.
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1", "r2");
    assertThat(rig.outcome("r2").status()).isEqualTo(Status.CANCELLED);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void unknown_model_waits_for_the_grace_and_fails_with_a_dead_letter() {
    twoLanes();
    publish(request("a").model("x"));
    rig.run(Duration.ofSeconds(4));
    assertThat(rig.outcome("a")).isNull();
    rig.run(Duration.ofSeconds(2));
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.UNKNOWN_MODEL);
    assertThat(rig.outcome("a").failure().message()).isEqualTo("model: x (expected: one of m)");
    assertThat(rig.deadLetters()).hasSize(1);
    WireRecord letter = rig.deadLetters().get(0);
    assertThat(letter.text(DeadLetter.ERROR_CODE)).isEqualTo("unknown_model");
    assertThat(letter.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo("headrace.requests.standard");
    assertThat(letter.text("ce_model")).isEqualTo("x");
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void model_that_appears_within_the_grace_is_served() {
    twoLanes();
    publish(request("a").model("x").cached("t"));
    rig.run(Duration.ofSeconds(3));
    rig.beat(heartbeat("w3", "third").model("x"));
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("third")).containsExactly("a");
    assertThat(rig.work("third").get(0).assignment().cacheKey()).isNotNull();
  }

  @Test
  void unknown_model_expires_when_its_deadline_is_sooner_than_the_grace() {
    twoLanes();
    publish(request("a").model("x").within(Duration.ofSeconds(1)));
    rig.run(Duration.ofSeconds(2));
    assertThat(rig.outcome("a").status()).isEqualTo(Status.EXPIRED);
  }

  @Test
  void task_that_the_model_does_not_do_fails() {
    twoLanes();
    publish(request("a").task(Task.CLASSIFICATIONS));
    rig.run(Duration.ofSeconds(6));
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.UNKNOWN_TASK);
    assertThat(rig.outcome("a").failure().message())
        .isEqualTo("task: classifications (expected: one of embeddings)");
  }

  @Test
  void request_that_every_device_type_failed_ends_with_no_capacity() {
    twoLanes();
    publish(request("a").excluding("slow", "fast"));
    rig.run(Duration.ofSeconds(6));
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.NO_CAPACITY);
    assertThat(rig.deadLetters().get(0).text(DeadLetter.TRIED)).isEqualTo("slow,fast");
  }

  @Test
  void nothing_is_called_unknown_while_no_worker_is_to_be_seen() {
    publish(request("a"));
    rig.run(Duration.ofSeconds(20));
    assertThat(rig.outcome("a")).isNull();
    rig.beat(heartbeat("w1", "slow"));
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).containsExactly("a");
  }

  @Test
  void request_for_a_model_whose_workers_are_all_away_waits_until_its_deadline() {
    rig.beat(heartbeat("w1", "slow").state(WorkerState.LOADING), heartbeat("w2", "b").model("x"));
    rig.turns(3);
    publish(request("a").within(Duration.ofSeconds(30)));
    rig.run(Duration.ofSeconds(10));
    assertThat(rig.outcome("a")).isNull();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
    rig.run(Duration.ofSeconds(21));
    assertThat(rig.outcome("a").status()).isEqualTo(Status.EXPIRED);
  }

  @Test
  void cached_result_answers_without_a_device() {
    twoLanes();
    InferenceRequest earlier = request("earlier").cached("same").build();
    rig.cache.settle(key(earlier), "c1/earlier", ok(earlier));
    publish(request("a").cached("same"));
    rig.turns(3);
    assertThat(rig.outcome("a").status()).isEqualTo(Status.OK);
    assertThat(rig.outcome("a").detail(Detail.CACHE)).isEqualTo("hit");
    assertThat(rig.workIds("slow")).isEmpty();
    assertThat(rig.counted("cache", "place", "hit")).isEqualTo(1);
  }

  @Test
  void first_of_identical_requests_leads_and_the_others_are_parked() {
    twoLanes();
    publish(request("a").cached("same"));
    publish(request("b").cached("same"));
    publish(request("c").cached("same").within(Duration.ofSeconds(3)));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("a");
    String key = key(request("a").cached("same").build());
    assertThat(rig.work("slow").get(0).assignment().cacheKey()).isEqualTo(key);
    assertThat(rig.cache.leader(key)).isEqualTo("c1/a");
    // Half of 60 s is 30 s; half of 3 s leaves room for 1 s.
    assertThat(rig.producer.records(Topics.retry(Duration.ofSeconds(30)))).hasSize(1);
    assertThat(rig.producer.records(Topics.retry(Duration.ofSeconds(1)))).hasSize(1);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void parked_request_comes_back_when_due_and_finds_its_outcome() {
    twoLanes();
    publish(request("a").cached("same"));
    publish(request("b").cached("same").within(Duration.ofSeconds(3)));
    rig.turns(3);
    rig.moveRetries();
    rig.run(Duration.ofMillis(500));
    assertThat(rig.consumer.paused()).contains(new Slot(Topics.retry(Duration.ofSeconds(1)), 0));
    InferenceRequest a = rig.work("slow").get(0);
    for (Outcome follower : rig.cache.settle(key(a), ResultCache.tokenOf(ok(a)), ok(a))) {
      rig.outcomes.deliver(List.of(ok(a).answering(follower, rig.clock.instant(), "coalesced")));
    }
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.outcome("b").detail(Detail.CACHE)).isEqualTo("coalesced");
    assertThat(rig.workIds("slow")).containsExactly("a");
    assertThat(rig.consumer.unacknowledged()).isZero();
    assertThat(rig.consumer.paused()).isEmpty();
  }

  @Test
  void parked_request_leads_itself_when_the_leader_is_lost() {
    twoLanes();
    publish(request("a").cached("same"));
    publish(request("b").cached("same").within(Duration.ofSeconds(3)));
    rig.turns(3);
    rig.moveRetries();
    rig.cache.clear();
    rig.run(Duration.ofMillis(1500));
    assertThat(rig.workIds("slow")).containsExactly("a", "b");
    assertThat(rig.work("slow").get(1).deadline()).isEqualTo(RequestBuilder.START.plusMillis(3003));
  }

  @Test
  void request_with_no_time_to_be_parked_runs_on_its_own() {
    twoLanes();
    publish(request("a").cached("same"));
    publish(request("b").cached("same").within(Duration.ofMillis(300)));
    rig.turns(3);
    assertThat(rig.workIds("fast")).containsExactly("b");
  }

  @Test
  void leader_that_expires_gives_way() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.lag.put("slow", 100L);
    rig.turns(3);
    RequestBuilder request = request("a").cached("same").within(Duration.ofSeconds(1));
    publish(request);
    rig.turns(3);
    assertThat(rig.cache.leader(key(request.build()))).isEqualTo("c1/a");
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.outcome("a").status()).isEqualTo(Status.EXPIRED);
    assertThat(rig.cache.leader(key(request.build()))).isNull();
  }

  @Test
  void body_that_travels_by_reference_is_never_cached() {
    twoLanes();
    Payload reference = Payload.byReference(RedisKeys.blob("c1", "a"));
    publish(request("a").cached("same").payload(reference));
    rig.turns(3);
    assertThat(rig.work("slow").get(0).assignment().cacheKey()).isNull();
    assertThat(rig.work("slow").get(0).payload()).isEqualTo(reference);
  }

  @Test
  void retried_request_goes_elsewhere_and_remembers_where_it_came_from() {
    twoLanes();
    InferenceRequest retried = request("a").build().retried(Attempts.FIRST.next("slow", true));
    WireRecord record =
        RequestCodec.encode(retried).with(DeadLetter.retryHeaders(2, rig.clock.millis() + 200, 77));
    rig.publish(Topics.retry(Duration.ofMillis(200)), record);
    rig.turns(5);
    assertThat(rig.workIds("fast")).isEmpty();
    rig.run(Duration.ofMillis(200));
    assertThat(rig.work("fast").get(0).assignment().reason()).isEqualTo("excluded_after_failure");
    WireRecord work = rig.producer.records(Topics.work("fast")).get(0);
    assertThat(DeadLetter.number(work, DeadLetter.RETRY_ORIGINAL_TIMESTAMP, 0)).isEqualTo(77);
  }

  @Test
  void retry_that_claims_to_be_due_in_a_year_is_due_after_its_topics_delay() {
    twoLanes();
    long year = Duration.ofDays(365).toMillis();
    WireRecord record =
        RequestCodec.encode(request("a").build())
            .with(DeadLetter.retryHeaders(2, rig.clock.millis() + year, 77));
    rig.publish(Topics.retry(Duration.ofSeconds(1)), record);
    rig.run(Duration.ofMillis(1100));
    assertThat(rig.workIds("slow")).containsExactly("a");
  }

  @Test
  void without_the_store_requests_wait_a_while_and_go_on_polling_is_not_stopped() {
    twoLanes();
    rig.outage.begin();
    publish(request("a").cached("same"));
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).isEmpty();
    publish(request("b").cached("same"));
    rig.run(Duration.ofMillis(1500));
    assertThat(rig.workIds("slow")).containsExactly("a", "b");
    assertThat(rig.work("slow").get(0).assignment().cacheKey()).isNull();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.DEGRADED);
    assertThat(rig.loop.health().reasons()).contains("heartbeats cannot be read");

    rig.outage.end();
    rig.run(Duration.ofSeconds(2));
    publish(request("c").cached("other"));
    rig.turns(3);
    assertThat(rig.work("slow").get(2).assignment().cacheKey()).isNotNull();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
  }

  @Test
  void outcome_waits_for_the_store_and_its_record_stays_unacknowledged() {
    twoLanes();
    rig.outage.begin();
    publish(request("late").within(Duration.ZERO));
    rig.run(Duration.ofSeconds(3));
    assertThat(rig.consumer.unacknowledged()).isEqualTo(1);
    rig.outage.end();
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.outcome("late").status()).isEqualTo(Status.EXPIRED);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void full_tier_is_paused_and_the_others_go_on() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.lag.put("slow", 100L);
    rig.turns(3);
    for (int i = 0; i < 3 * LoopRig.BOUND; i++) {
      publish(request("e" + i).tier(Tier.ECONOMY));
    }
    publish(request("p").tier(Tier.PREMIUM));
    rig.turns(20);
    assertThat(rig.consumer.paused()).containsExactly(new Slot(Topics.requests(Tier.ECONOMY), 0));
    assertThat(rig.loop.inFlight()).isBetween(LoopRig.BOUND, LoopRig.BOUND + LoopRig.POLL + 1);
    rig.lag.put("slow", 0L);
    rig.run(Duration.ofSeconds(50));
    assertThat(rig.workIds("slow").get(0)).isEqualTo("p");
    assertThat(rig.consumer.paused()).isEmpty();
  }

  @Test
  void bytes_are_bounded_as_well() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.lag.put("slow", 100L);
    rig.turns(3);
    for (int i = 0; i < 30; i++) {
      publish(request("big" + i).payload(Payload.inline(new byte[200_000])));
      rig.turns(1);
    }
    assertThat(rig.loop.inFlight()).isLessThan(8);
    assertThat(rig.consumer.paused()).hasSize(1);
  }

  @Test
  void revoked_requests_are_dropped_and_come_back_with_their_slot() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.lag.put("slow", 100L);
    rig.turns(3);
    for (int i = 0; i < 10; i++) {
      publish(request("r" + i));
    }
    rig.turns(3);
    assertThat(rig.loop.inFlight()).isEqualTo(10);
    Slot slot = new Slot(Topics.requests(Tier.STANDARD), 0);
    rig.consumer.revoke(slot);
    rig.turns(1);
    assertThat(rig.loop.inFlight()).isZero();
    rig.consumer.assign(slot);
    rig.lag.put("slow", 0L);
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).contains("r0", "r1");
    assertThat(rig.loop.inFlight()).isLessThan(10);
  }

  @Test
  void broker_that_does_not_answer_degrades_and_recovers() {
    twoLanes();
    rig.consumer.failPolls(3);
    rig.run(Duration.ofMillis(60));
    rig.clock.advance(Duration.ofMillis(100));
    rig.consumer.failPolls(1);
    rig.turns(1);
    assertThat(rig.loop.health().reasons()).contains("broker does not answer");
    publish(request("a"));
    rig.run(Duration.ofMillis(200));
    assertThat(rig.workIds("slow")).containsExactly("a");
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
  }

  @Test
  void request_that_is_too_large_for_its_lane_fails_and_the_lane_goes_on() {
    twoLanes();
    rig.producer.refuse(Topics.work("slow"), new Failure(ErrorCode.INPUT_TOO_LARGE, "large"));
    publish(request("a").cached("same"));
    rig.turns(5);
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE);
    assertThat(rig.deadLetters().get(0).text(DeadLetter.ORIGINAL_TOPIC))
        .isEqualTo(Topics.requests(Tier.STANDARD));
    assertThat(rig.cache.leader(key(request("a").cached("same").build()))).isNull();
    assertThat(rig.consumer.unacknowledged()).isZero();
    rig.producer.refuse(Topics.work("slow"), null);
    publish(request("b"));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("b");
  }

  @Test
  void lane_whose_topic_takes_nothing_is_closed_and_its_requests_go_elsewhere() {
    twoLanes();
    rig.producer.refuse(Topics.work("slow"), new Failure(ErrorCode.INTERNAL_ERROR, "no topic"));
    publish(request("a"));
    rig.run(Duration.ofMillis(100));
    assertThat(rig.workIds("fast")).containsExactly("a");
    rig.producer.refuse(Topics.work("slow"), null);
    rig.run(Duration.ofSeconds(1));
    publish(request("b"));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("b");
  }

  @Test
  void request_that_cannot_be_parked_runs_beside_its_leader() {
    twoLanes();
    rig.producer.refuse(
        Topics.retry(Duration.ofSeconds(30)), new Failure(ErrorCode.INPUT_TOO_LARGE, "large"));
    publish(request("a").cached("same"));
    publish(request("b").cached("same"));
    rig.turns(5);
    assertThat(rig.workIds("slow")).containsExactly("a", "b");
  }

  @Test
  void drain_finishes_what_is_being_delivered_and_leaves_the_rest_to_kafka() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.turns(3);
    rig.producer.hold();
    for (int i = 0; i < 5; i++) {
      publish(request("r" + i));
    }
    rig.turns(3);
    rig.loop.drain();
    assertThat(rig.loop.drained()).isFalse();
    publish(request("new"));
    rig.turns(3);
    rig.producer.release();
    rig.turns(2);
    assertThat(rig.loop.drained()).isTrue();
    rig.loop.close(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1");
    assertThat(rig.topics.committed(new Slot(Topics.requests(Tier.STANDARD), 0))).isEqualTo(2);
  }
}
