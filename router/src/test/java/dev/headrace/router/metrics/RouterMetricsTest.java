package dev.headrace.router.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.Lane;
import dev.headrace.policy.Reason;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.scaling.LaneDemand;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RouterMetricsTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final RouterMetrics metrics = new RouterMetrics(registry);

  private double gauge(String name, String... tags) {
    return registry.get("headrace.router." + name).tags(tags).gauge().value();
  }

  private double counter(String name, String... tags) {
    return registry.get("headrace.router." + name).tags(tags).counter().count();
  }

  @Test
  void decisions_are_counted_by_lane_tier_and_reason() {
    Lane lane = new Lane("a", "t4", 1, 1, 2);
    metrics.decided(lane, Tier.PREMIUM, Reason.OVERFLOW);
    metrics.decided(lane, Tier.PREMIUM, Reason.OVERFLOW);
    metrics.decided(lane, Tier.ECONOMY, Reason.CHEAPEST_IN_TIME);
    assertThat(counter("decisions", "lane", "a", "tier", "premium", "reason", "overflow"))
        .isEqualTo(2);
    assertThat(counter("decisions", "device_type", "t4", "tier", "economy")).isEqualTo(1);
  }

  @Test
  void ends_are_counted_by_kind() {
    metrics.ended(Status.EXPIRED);
    metrics.standing(Status.CANCELLED);
    metrics.resolved("hit");
    metrics.deadLettered(ErrorCode.UNKNOWN_MODEL);
    assertThat(counter("outcomes", "status", "EXPIRED")).isEqualTo(1);
    assertThat(counter("standing", "status", "CANCELLED")).isEqualTo(1);
    assertThat(counter("cache", "place", "hit")).isEqualTo(1);
    assertThat(counter("dead.letters", "code", "unknown_model")).isEqualTo(1);
  }

  @Test
  void levels_follow_and_a_lane_that_is_gone_has_nothing() {
    metrics.buffered(Tier.ECONOMY, 7);
    metrics.inFlight(9, 2);
    metrics.storeUp(true);
    metrics.brokerUp(false);
    LaneDemand b = new LaneDemand("b", "h100", 1, 2, 5, -3.0);
    metrics.lanes(
        new Demand(Map.of("a", new LaneDemand("a", "t4", 1, 1.5, 0, null), "b", b)),
        Map.of("a", 30L, "b", 4L));
    assertThat(gauge("lane.waiting.seconds", "lane", "b", "device_type", "h100")).isEqualTo(5);
    assertThat(gauge("lane.slack.seconds", "lane", "b", "device_type", "h100")).isEqualTo(-3);
    metrics.lanes(
        new Demand(Map.of("a", new LaneDemand("a", "t4", 1, 1, 0, null))), Map.of("a", 20L));
    assertThat(gauge("buffered.requests", "tier", "economy")).isEqualTo(7);
    assertThat(gauge("inflight.requests")).isEqualTo(9);
    assertThat(gauge("held.requests")).isEqualTo(2);
    assertThat(gauge("store.up")).isEqualTo(1);
    assertThat(gauge("broker.up")).isZero();
    assertThat(gauge("lane.seconds", "lane", "a", "device_type", "t4")).isEqualTo(1);
    assertThat(gauge("lane.waiting.seconds", "lane", "b")).isZero();
    assertThat(gauge("lane.slack.seconds", "lane", "b")).isEqualTo(86_400);
    assertThat(gauge("lane.records", "lane", "b")).isZero();
    assertThat(gauge("lane.records", "lane", "a")).isEqualTo(20);
    assertThat(gauge("lane.seconds", "lane", "b")).isZero();
  }
}
