package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.redis.ResultCache;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Known results, and identical requests in flight. */
class RouterCacheTest {
  private final LoopRig rig = new LoopRig();

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
  void cached_result_answers_without_a_device() {
    rig.twoLanes();
    InferenceRequest earlier = request("earlier").cached("same").build();
    rig.cache.settle(LoopRig.key(earlier), "c1/earlier", ok(earlier));
    rig.publish(request("a").cached("same"));
    rig.turns(3);
    assertThat(rig.outcome("a").status()).isEqualTo(Status.OK);
    assertThat(rig.outcome("a").detail(Detail.CACHE)).isEqualTo("hit");
    assertThat(rig.workIds("slow")).isEmpty();
    assertThat(rig.counted("cache", "place", "hit")).isEqualTo(1);
  }

  @Test
  void first_of_identical_requests_leads_and_the_others_are_parked() {
    rig.twoLanes();
    rig.publish(request("a").cached("same"));
    rig.publish(request("b").cached("same"));
    rig.publish(request("c").cached("same").within(Duration.ofSeconds(3)));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactly("a");
    String key = LoopRig.key(request("a").cached("same").build());
    assertThat(rig.work("slow").get(0).assignment().cacheKey()).isEqualTo(key);
    assertThat(rig.cache.leader(key)).isEqualTo("c1/a");
    // Half of 60 s is 30 s; half of 3 s leaves room for 1 s.
    assertThat(rig.producer.records(Topics.retry(Duration.ofSeconds(30)))).hasSize(1);
    assertThat(rig.producer.records(Topics.retry(Duration.ofSeconds(1)))).hasSize(1);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void request_that_opted_out_neither_follows_nor_leads_nor_is_answered() {
    rig.twoLanes();
    rig.publish(request("a").cached("same"));
    rig.publish(request("b").payload(request("a").cached("same").build().payload()));
    rig.publish(request("c").cached("same"));
    rig.turns(3);
    assertThat(rig.workIds("slow")).containsExactlyInAnyOrder("a", "b");
    assertThat(
            rig.work("slow").stream()
                .filter(r -> r.id().equals("b"))
                .map(r -> r.assignment().cacheKey()))
        .containsOnlyNulls();
    String key = LoopRig.key(request("a").cached("same").build());
    assertThat(rig.cache.leader(key)).isEqualTo("c1/a");
    InferenceRequest a = request("a").cached("same").build();
    rig.cache.settle(key, "c1/a", ok(a));
    // The slow lane is full, and it has no time to wait for it.
    rig.publish(request("d").payload(a.payload()).within(Duration.ofMillis(2500)));
    rig.turns(3);
    assertThat(rig.workIds("fast")).containsExactly("d");
    assertThat(rig.outcome("d")).as("run, not answered").isNull();
  }

  @Test
  void parked_request_comes_back_when_due_and_finds_its_outcome() {
    rig.twoLanes();
    rig.publish(request("a").cached("same"));
    rig.publish(request("b").cached("same").within(Duration.ofSeconds(3)));
    rig.turns(3);
    rig.moveRetries();
    rig.run(Duration.ofMillis(500));
    assertThat(rig.consumer.paused()).contains(new Slot(Topics.retry(Duration.ofSeconds(1)), 0));
    InferenceRequest a = rig.work("slow").get(0);
    for (Outcome follower : rig.cache.settle(LoopRig.key(a), ResultCache.tokenOf(ok(a)), ok(a))) {
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
    rig.twoLanes();
    rig.publish(request("a").cached("same"));
    rig.publish(request("b").cached("same").within(Duration.ofSeconds(3)));
    rig.turns(3);
    rig.moveRetries();
    rig.cache.clear();
    rig.run(Duration.ofMillis(1500));
    assertThat(rig.workIds("slow")).containsExactly("a", "b");
    assertThat(rig.work("slow").get(1).deadline()).isEqualTo(RequestBuilder.START.plusMillis(3003));
  }

  @Test
  void request_with_no_time_to_be_parked_runs_on_its_own() {
    rig.twoLanes();
    rig.publish(request("a").cached("same"));
    rig.publish(request("b").cached("same").within(Duration.ofMillis(300)));
    rig.turns(3);
    assertThat(rig.workIds("fast")).containsExactly("b");
  }

  @Test
  void leader_that_expires_gives_way() {
    rig.beat(heartbeat("w1", "slow").curve(1, 100));
    rig.lag.put("slow", 100L);
    rig.turns(3);
    RequestBuilder request = request("a").cached("same").within(Duration.ofSeconds(1));
    rig.publish(request);
    rig.turns(3);
    assertThat(rig.cache.leader(LoopRig.key(request.build()))).isEqualTo("c1/a");
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.outcome("a").status()).isEqualTo(Status.EXPIRED);
    assertThat(rig.cache.leader(LoopRig.key(request.build()))).isNull();
  }

  @Test
  void body_that_travels_by_reference_is_never_cached() {
    rig.twoLanes();
    Payload reference = Payload.byReference(RedisKeys.blob("c1", "a"));
    rig.publish(request("a").cached("same").payload(reference));
    rig.turns(3);
    assertThat(rig.work("slow").get(0).assignment().cacheKey()).isNull();
    assertThat(rig.work("slow").get(0).payload()).isEqualTo(reference);
  }

  @Test
  void request_that_cannot_be_parked_runs_beside_its_leader() {
    rig.twoLanes();
    rig.producer.refuse(
        Topics.retry(Duration.ofSeconds(30)), new Failure(ErrorCode.INPUT_TOO_LARGE, "large"));
    rig.publish(request("a").cached("same"));
    rig.publish(request("b").cached("same"));
    rig.turns(5);
    assertThat(rig.workIds("slow")).containsExactly("a", "b");
  }
}
