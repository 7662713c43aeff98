package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.WorkerState;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Requests that no lane takes, at once or for good. */
class RouterRefusalsTest {
  private final LoopRig rig = new LoopRig();

  @Test
  void unknown_model_waits_for_the_grace_and_fails_with_a_dead_letter() {
    rig.twoLanes();
    rig.publish(request("a").model("x"));
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
    rig.twoLanes();
    rig.publish(request("a").model("x").cached("t"));
    rig.run(Duration.ofSeconds(3));
    rig.beat(heartbeat("w3", "third").model("x"));
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("third")).containsExactly("a");
    assertThat(rig.work("third").get(0).assignment().cacheKey()).isNotNull();
  }

  @Test
  void unknown_model_expires_when_its_deadline_is_sooner_than_the_grace() {
    rig.twoLanes();
    rig.publish(request("a").model("x").within(Duration.ofSeconds(1)));
    rig.run(Duration.ofSeconds(2));
    assertThat(rig.outcome("a").status()).isEqualTo(Status.EXPIRED);
  }

  @Test
  void task_that_the_model_does_not_do_fails() {
    rig.twoLanes();
    rig.publish(request("a").task(Task.CLASSIFICATIONS));
    rig.run(Duration.ofSeconds(6));
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.UNKNOWN_TASK);
    assertThat(rig.outcome("a").failure().message())
        .isEqualTo("task: classifications (expected: one of embeddings)");
  }

  @Test
  void request_that_every_device_type_failed_ends_with_no_capacity() {
    rig.twoLanes();
    rig.publish(request("a").excluding("slow", "fast"));
    rig.run(Duration.ofSeconds(6));
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.NO_CAPACITY);
    assertThat(rig.deadLetters().get(0).text(DeadLetter.TRIED)).isEqualTo("slow,fast");
  }

  @Test
  void nothing_is_called_unknown_while_no_worker_is_to_be_seen() {
    rig.publish(request("a"));
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
    rig.publish(request("a").within(Duration.ofSeconds(30)));
    rig.run(Duration.ofSeconds(10));
    assertThat(rig.outcome("a")).isNull();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
    rig.run(Duration.ofSeconds(21));
    assertThat(rig.outcome("a").status()).isEqualTo(Status.EXPIRED);
  }

  @Test
  void request_that_asked_to_be_told_is_not_left_waiting_for_a_worker_that_may_never_come() {
    rig.beat(heartbeat("w1", "slow").state(WorkerState.LOADING), heartbeat("w2", "b").model("x"));
    rig.turns(3);
    Terms reject = new Terms(AdmissionMode.REJECT, null);
    rig.publish(request("a").within(Duration.ofMinutes(5)).build().withTerms(reject));
    rig.run(Duration.ofSeconds(4)); // the worker may be ready in a moment
    assertThat(rig.outcome("a")).isNull();
    rig.run(Duration.ofSeconds(2));
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.NO_CAPACITY);
    assertThat(rig.outcome("a").failure().message()).contains("m", "none is ready");
  }

  @Test
  void retried_request_goes_elsewhere_and_remembers_where_it_came_from() {
    rig.twoLanes();
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
    rig.twoLanes();
    long year = Duration.ofDays(365).toMillis();
    WireRecord record =
        RequestCodec.encode(request("a").build())
            .with(DeadLetter.retryHeaders(2, rig.clock.millis() + year, 77));
    rig.publish(Topics.retry(Duration.ofSeconds(1)), record);
    rig.run(Duration.ofMillis(1100));
    assertThat(rig.workIds("slow")).containsExactly("a");
  }

  @Test
  void request_that_is_too_large_for_its_lane_fails_and_the_lane_goes_on() {
    rig.twoLanes();
    rig.producer.refuse(Topics.work("slow"), new Failure(ErrorCode.INPUT_TOO_LARGE, "large"));
    rig.publish(request("a").cached("same"));
    rig.turns(5);
    assertThat(rig.outcome("a").failure().code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE);
    assertThat(rig.deadLetters().get(0).text(DeadLetter.ORIGINAL_TOPIC))
        .isEqualTo(Topics.requests(Tier.STANDARD));
    assertThat(rig.cache.leader(LoopRig.key(request("a").cached("same").build()))).isNull();
    assertThat(rig.consumer.unacknowledged()).isZero();
    rig.producer.refuse(Topics.work("slow"), null);
    rig.publish(request("b"));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("b");
  }

  @Test
  void lane_whose_topic_takes_nothing_is_closed_and_its_requests_go_elsewhere() {
    rig.twoLanes();
    rig.producer.refuse(Topics.work("slow"), new Failure(ErrorCode.INTERNAL_ERROR, "no topic"));
    rig.publish(request("a"));
    rig.run(Duration.ofMillis(100));
    assertThat(rig.workIds("fast")).containsExactly("a");
    rig.producer.refuse(Topics.work("slow"), null);
    rig.run(Duration.ofSeconds(1));
    rig.publish(request("b"));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("b");
  }
}
