package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.tenant.OverQuota;
import dev.headrace.protocol.tenant.TenantConfig;
import dev.headrace.protocol.tenant.TenantTerms;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tenants in the router's loop: one lane, 1 s a request, a window of 2 s. */
class TenantLoopTest {
  private static final double FREE = Double.POSITIVE_INFINITY;

  private static LoopRig rig(TenantTerms flood) {
    LoopRig rig = new LoopRig(new TenantConfig(Map.of("flood", flood), TenantTerms.FREE));
    rig.beat(heartbeat("w1", "a").curve(1, 100));
    rig.turns(3);
    return rig;
  }

  private static void publish(LoopRig rig, RequestBuilder request) {
    rig.publish(request.at(rig.clock.instant()).build());
  }

  private static void flood(LoopRig rig, int count) {
    for (int i = 0; i < count; i++) {
      publish(rig, request("f" + i).tenant("flood"));
    }
  }

  /** The lane does its work, one request a second. */
  private static void serve(LoopRig rig, int seconds) {
    for (int i = 0; i < seconds; i++) {
      rig.run(Duration.ofSeconds(1));
      rig.done.put("a", Math.min(rig.done.getOrDefault("a", 0) + 1, rig.work("a").size()));
    }
  }

  @Test
  void flooding_tenant_delays_itself_and_not_the_other() {
    LoopRig rig = rig(new TenantTerms(1, FREE, 0, 10, OverQuota.DELAY));
    flood(rig, 200); // four times what the router takes from a topic
    rig.turns(30);
    publish(rig, request("s0").tenant("small"));
    publish(rig, request("s1").tenant("small"));
    rig.turns(30);
    serve(rig, 8);
    assertThat(rig.workIds("a")).contains("s0", "s1");
    assertThat(rig.workIds("a").stream().filter(id -> id.startsWith("f")).count()).isGreaterThan(2);
    assertThat(rig.counted("quota", "tenant", "flood", "action", "delay")).isGreaterThan(100);
  }

  @Test
  void delayed_requests_come_back_and_none_is_lost() {
    LoopRig rig = rig(new TenantTerms(1, FREE, 0, 3, OverQuota.DELAY));
    flood(rig, 12);
    for (int i = 0; i < 55; i++) {
      serve(rig, 1);
      rig.moveRetries();
    }
    assertThat(rig.workIds("a"))
        .containsExactlyInAnyOrderElementsOf(
            java.util.stream.IntStream.range(0, 12).mapToObj(i -> "f" + i).toList());
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  @Test
  void tenant_over_its_waiting_requests_is_told_when_it_asked_to_be() {
    LoopRig rig = rig(new TenantTerms(1, FREE, 0, 3, OverQuota.REJECT));
    flood(rig, 12);
    rig.turns(20);
    assertThat(rig.outcome("f11").status()).isEqualTo(Status.FAILED);
    assertThat(rig.outcome("f11").failure().code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    assertThat(rig.outcome("f11").failure().message())
        .isEqualTo("tenant: flood (expected: at most 3 waiting requests)");
    assertThat(rig.counted("quota", "tenant", "flood", "action", "reject")).isPositive();
  }

  @Test
  void request_too_short_of_time_to_wait_for_quota_is_told_at_once() {
    LoopRig rig = rig(new TenantTerms(1, FREE, 0, 3, OverQuota.DELAY));
    flood(rig, 8); // three enter, two of them leave for the lane
    rig.turns(3);
    flood(rig, 8); // two take their places
    rig.turns(3);
    publish(rig, request("hasty").tenant("flood").within(Duration.ofMillis(300)));
    rig.turns(10);
    assertThat(rig.outcome("hasty").failure().code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
  }

  @Test
  void rate_is_kept_and_what_is_beyond_it_waits() {
    // A tenth of a device, 2 s at once: two requests, then one in ten seconds.
    LoopRig rig = rig(new TenantTerms(1, 0.1, 2, 1000, OverQuota.DELAY));
    flood(rig, 10);
    serve(rig, 19);
    assertThat(rig.workIds("a")).hasSizeBetween(3, 4);
    publish(rig, request("other").tenant("small"));
    serve(rig, 1);
    assertThat(rig.workIds("a")).contains("other");
  }

  @Test
  void rate_that_is_used_up_is_told_when_asked_to() {
    LoopRig rig = rig(new TenantTerms(1, 0.1, 0.5, 1000, OverQuota.REJECT));
    flood(rig, 1);
    rig.turns(5);
    publish(rig, request("more").tenant("flood"));
    publish(rig, request("other").tenant("small"));
    rig.turns(10);
    assertThat(rig.outcome("more").failure().message())
        .isEqualTo("tenant: flood (expected: at most 0.1 device seconds a second)");
    assertThat(rig.workIds("a")).isEqualTo(List.of("f0", "other"));
    assertThat(rig.producer.records(Topics.DEAD_LETTERS)).hasSize(1);
  }

  @Test
  void rate_that_is_used_up_by_those_that_came_with_it_is_told_as_well() {
    LoopRig rig = rig(new TenantTerms(1, 0.1, 0.5, 1000, OverQuota.REJECT));
    flood(rig, 10); // all are there before the first is charged
    publish(rig, request("other").tenant("small"));
    rig.turns(10);
    assertThat(rig.workIds("a")).containsExactlyInAnyOrder("f0", "other");
    for (int i = 1; i < 10; i++) {
      assertThat(rig.outcome("f" + i).failure().code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    }
    assertThat(rig.counted("quota", "tenant", "flood", "action", "reject")).isEqualTo(9);
  }
}
