package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.Slot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouterLoopTest {
  private final LoopRig rig = new LoopRig();

  @Test
  void request_goes_to_the_cheapest_lane_with_its_assignment_and_is_acknowledged() {
    rig.twoLanes();
    rig.publish(request("a"));
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
    rig.twoLanes();
    rig.producer.hold();
    rig.publish(request("a"));
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
    rig.twoLanes();
    for (int i = 0; i < 6; i++) {
      rig.publish(request("r" + i));
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
    rig.twoLanes();
    for (int i = 0; i < 6; i++) {
      rig.publish(request("r" + i).within(Duration.ofMillis(4500)));
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
    rig.publish(request("late").within(Duration.ZERO));
    rig.turns(2);
    assertThat(rig.outcome("late").status()).isEqualTo(Status.EXPIRED);

    rig.lag.put("slow", 100L);
    rig.run(Duration.ofSeconds(1));
    rig.publish(request("waits").within(Duration.ofSeconds(1)));
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
    rig.twoLanes();
    Address address = request("a").build().address();
    rig.outcomes.deliver(List.of(Outcomes.cancelled(address, rig.clock.instant(), "/sdk")));
    rig.publish(request("a"));
    rig.clock.advance(Duration.ofMillis(500));
    rig.turns(3);
    assertThat(rig.workIds("slow")).isEmpty();
    List<WireRecord> published = rig.producer.records(Topics.OUTCOMES);
    assertThat(published).hasSize(1);
    assertThat(OutcomeCodec.decode(published.get(0)).status()).isEqualTo(Status.CANCELLED);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void what_was_just_submitted_is_routed_without_asking_for_its_outcome() {
    rig.twoLanes();
    Address address = request("a").build().address();
    rig.outcomes.deliver(List.of(Outcomes.cancelled(address, rig.clock.instant(), "/sdk")));
    rig.publish(request("a"));
    rig.clock.advance(Duration.ofMillis(400));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("a");
    assertThat(rig.producer.records(Topics.OUTCOMES)).isEmpty();
  }

  @Test
  void time_ahead_of_ours_does_not_make_a_request_young() {
    rig.twoLanes();
    Address address = request("a").build().address();
    rig.outcomes.deliver(List.of(Outcomes.cancelled(address, rig.clock.instant(), "/sdk")));
    rig.publish(request("a").at(rig.clock.instant().plusMillis(50)).build());
    rig.turns(3);
    assertThat(rig.workIds("slow")).isEmpty();
    assertThat(rig.producer.records(Topics.OUTCOMES)).hasSize(1);
  }

  @Test
  void nearer_deadline_overtakes_those_of_its_tier_that_wait() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.turns(3);
    for (int i = 0; i < 4; i++) {
      rig.publish(request("r" + i).within(Duration.ofSeconds(60 + i)));
    }
    rig.turns(10);
    rig.publish(request("near").within(Duration.ofSeconds(30)));
    rig.publish(request("far").within(Duration.ofSeconds(90)));
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
      rig.publish(request("r" + i));
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
  void without_the_store_requests_wait_a_while_and_go_on_polling_is_not_stopped() {
    rig.twoLanes();
    rig.outage.begin();
    rig.publish(request("a").cached("same"));
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).isEmpty();
    rig.publish(request("b").cached("same"));
    rig.run(Duration.ofMillis(1500));
    assertThat(rig.workIds("slow")).containsExactly("a", "b");
    assertThat(rig.work("slow").get(0).assignment().cacheKey()).isNull();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.DEGRADED);
    assertThat(rig.loop.health().reasons()).contains("heartbeats cannot be read");

    rig.outage.end();
    rig.run(Duration.ofSeconds(2));
    rig.publish(request("c").cached("other"));
    rig.turns(3);
    assertThat(rig.work("slow").get(2).assignment().cacheKey()).isNotNull();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
  }

  @Test
  void outcome_waits_for_the_store_and_its_record_stays_unacknowledged() {
    rig.twoLanes();
    rig.outage.begin();
    rig.publish(request("late").within(Duration.ZERO));
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
      rig.publish(request("e" + i).tier(Tier.ECONOMY));
    }
    rig.publish(request("p").tier(Tier.PREMIUM));
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
      rig.publish(request("big" + i).payload(Payload.inline(new byte[200_000])));
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
      rig.publish(request("r" + i));
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
    rig.twoLanes();
    rig.consumer.failPolls(3);
    rig.run(Duration.ofMillis(60));
    rig.clock.advance(Duration.ofMillis(100));
    rig.consumer.failPolls(1);
    rig.turns(1);
    assertThat(rig.loop.health().reasons()).contains("broker does not answer");
    rig.publish(request("a"));
    rig.run(Duration.ofMillis(200));
    assertThat(rig.workIds("slow")).containsExactly("a");
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
  }

  @Test
  void drain_finishes_what_is_being_delivered_and_leaves_the_rest_to_kafka() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.turns(3);
    rig.producer.hold();
    for (int i = 0; i < 5; i++) {
      rig.publish(request("r" + i));
    }
    rig.turns(3);
    rig.loop.drain();
    assertThat(rig.loop.drained()).isFalse();
    rig.publish(request("new"));
    rig.turns(3);
    rig.producer.release();
    rig.turns(2);
    assertThat(rig.loop.drained()).isTrue();
    rig.loop.close(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).containsExactly("r0", "r1");
    assertThat(rig.topics.committed(new Slot(Topics.requests(Tier.STANDARD), 0))).isEqualTo(2);
  }
}
