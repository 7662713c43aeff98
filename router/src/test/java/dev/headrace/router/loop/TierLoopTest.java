package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.RouterReport;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tiers in the router's loop: 1 s a request in the slow lane, a window of 2 s. */
class TierLoopTest {
  private final LoopRig rig = new LoopRig();

  private void economy(int count) {
    for (int i = 0; i < count; i++) {
      rig.publish(request("e" + i).tier(Tier.ECONOMY).within(Duration.ofHours(2)));
    }
  }

  private void premium(String id, Duration deadline) {
    rig.publish(request(id).tier(Tier.PREMIUM).within(deadline));
  }

  /** The slow lane does its work, one request a second; the fast one all that it has. */
  private void serve(int seconds) {
    for (int i = 0; i < seconds; i++) {
      rig.run(Duration.ofSeconds(1));
      rig.done.put("slow", Math.min(done() + 1, rig.work("slow").size()));
      rig.done.put("fast", rig.work("fast").size());
    }
  }

  private int done() {
    return rig.done.getOrDefault("slow", 0);
  }

  /** Requests that the slow lane had not done when this one was sent there. */
  private int aheadOf(String id, int doneBefore) {
    int at = rig.workIds("slow").indexOf(id);
    assertThat(at).as("%s among %s", id, rig.workIds("slow")).isNotNegative();
    return at - doneBefore;
  }

  @Test
  void premium_request_waits_behind_no_more_economy_work_than_the_window() {
    rig.beat(heartbeat("w1", "slow").price(1).curve(1, 100));
    rig.turns(3);
    economy(40);
    serve(10);
    int doneBefore = done();
    premium("p", Duration.ofMinutes(5));
    serve(4);
    assertThat(aheadOf("p", doneBefore)).isLessThanOrEqualTo(3); // the window and one request
  }

  @Test
  void router_says_what_waits_in_each_tier() {
    rig.beat(heartbeat("w1", "slow").price(1).curve(1, 100));
    rig.turns(3);
    rig.lag.put("slow", 100L);
    rig.run(Duration.ofSeconds(1));
    economy(10);
    for (int i = 0; i < 5; i++) {
      premium("p" + i, Duration.ofHours(1));
    }
    rig.run(Duration.ofSeconds(1));
    assertThat(rig.workIds("slow")).isEmpty();
    RouterReport.Waiting waiting = rig.routers.list().get(0).waiting().get("slow");
    assertThat(waiting.requests()).isEqualTo(15);
    assertThat(waiting.seconds()).isCloseTo(15, within(1e-9));
    assertThat(waiting.tierSeconds())
        .containsExactlyInAnyOrderEntriesOf(Map.of(Tier.ECONOMY, 10.0, Tier.PREMIUM, 5.0));
  }

  /** It used what economy did not want: the dear lane while economy waited for the cheap one. */
  @Test
  void premium_request_owes_nothing_for_dear_devices_that_economy_would_not_have() {
    rig.beat(heartbeat("w", "slow").price(1).curve(1, 100));
    for (int i = 0; i < 20; i++) {
      rig.beat(heartbeat("f" + i, "fast").price(100).curve(1, 100));
    }
    rig.turns(3);
    economy(40);
    for (int i = 0; i < 15; i++) {
      for (int j = 0; j < 18; j++) {
        premium("d" + i + "-" + j, Duration.ofMillis(1900)); // only the fast lane is in time
      }
      serve(1);
    }
    assertThat(rig.workIds("fast")).hasSizeGreaterThan(250);
    serve(1);
    int doneBefore = done();
    premium("p", Duration.ofSeconds(6)); // in time behind the window: 2 s, and its own second
    serve(6);
    assertThat(aheadOf("p", doneBefore)).isLessThanOrEqualTo(3);
  }
}
