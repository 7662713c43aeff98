package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.PlannedLanes;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReport.Plan;
import dev.headrace.protocol.service.RouterReport.Waiting;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Slow and cheap: 1 s a request at 1 $/h. Fast and dear: 0.1 s at 36 $/h. */
class EstimateTest {
  private final FakeServers servers = new FakeServers();
  private final HeadraceClient client = servers.client(Map.of());

  @AfterEach
  void close() {
    client.close();
  }

  private void worker(String type, double usdPerHour, double seconds, double queued) {
    servers.devices.publish(report(type + "-1", type, usdPerHour, seconds, queued));
  }

  private static DeviceReport report(
      String id, String type, double usdPerHour, double seconds, double queued) {
    ModelReport model =
        new ModelReport("r", Set.of(Task.EMBEDDINGS), new ServiceCurve(seconds, 0, 0, 0, 100), 1);
    return new DeviceReport(
        id,
        type,
        type,
        "",
        usdPerHour,
        WorkerState.READY,
        Instant.now(),
        queued,
        0,
        0,
        0,
        0,
        Map.of("m", model));
  }

  private Estimate estimate(Duration deadline) {
    return client.estimate(Request.embed("m", "a text").deadline(deadline)).orElseThrow();
  }

  @Test
  void estimate_says_where_when_and_for_how_much() {
    worker("slow", 1, 1, 0);
    worker("fast", 36, 0.1, 0);
    Estimate estimate = estimate(Duration.ofSeconds(30));
    assertThat(estimate.deviceType()).isEqualTo("slow");
    assertThat(estimate.untilStart()).isZero();
    assertThat(estimate.untilResult()).isEqualTo(Duration.ofMillis(1050));
    assertThat(estimate.usd()).isCloseTo(1.0 / 3600, within(1e-9));
    assertThat(estimate.inTime()).isTrue();
  }

  @Test
  void what_workers_have_and_routers_keep_is_ahead_of_it() {
    worker("slow", 1, 1, 4);
    worker("fast", 36, 0.1, 0);
    servers.routers.publish(new RouterReport("r1", Map.of("slow", new Waiting(16, 16, 0))));
    assertThat(estimate(Duration.ofSeconds(30)).untilStart()).isEqualTo(Duration.ofSeconds(20));
    Estimate tight = estimate(Duration.ofSeconds(15));
    assertThat(tight.deviceType()).isEqualTo("fast");
    assertThat(tight.usd()).isCloseTo(36 * 0.1 / 3600, within(1e-9));
  }

  /**
   * Economy's backlog is behind a premium request, but for economy's share of what is before it.
   */
  @Test
  void of_what_routers_keep_only_what_comes_before_its_tiers_turn_is_ahead() {
    worker("slow", 1, 1, 0);
    worker("fast", 36, 0.1, 0);
    Map<Tier, Double> kept = Map.of(Tier.ECONOMY, 600.0, Tier.PREMIUM, 6.0);
    servers.routers.publish(
        new RouterReport(
            "r1",
            Map.of("slow", new Waiting(606, 606, 0, kept)),
            0,
            new Plan(
                "cheapest-in-time",
                0,
                List.of(),
                Map.of(Tier.ECONOMY, 1.0, Tier.STANDARD, 3.0, Tier.PREMIUM, 6.0))));
    Request request = Request.embed("m", "a text").deadline(Duration.ofHours(1));
    assertThat(client.estimate(request.tier(Tier.PREMIUM)).orElseThrow().untilStart())
        .isEqualTo(Duration.ofSeconds(7));
    assertThat(client.estimate(request.tier(Tier.STANDARD)).orElseThrow().untilStart()).isZero();
    assertThat(client.estimate(request.tier(Tier.ECONOMY)).orElseThrow().untilStart())
        .isEqualTo(Duration.ofSeconds(606));
  }

  /** The router leaves such a heartbeat out; so must whoever foretells what it does. */
  @Test
  void heartbeat_beyond_belief_does_not_make_its_lane_look_full() {
    worker("slow", 1, 1, 0);
    worker("fast", 36, 0.1, 0);
    servers.devices.publish(report("slow-2", "slow", 1, 1, 1e300));
    Estimate estimate = estimate(Duration.ofSeconds(30));
    assertThat(estimate.deviceType()).isEqualTo("slow");
    assertThat(estimate.untilStart()).isZero();
  }

  @Test
  void routers_policy_and_margin_count() {
    worker("slow", 1, 1, 0);
    worker("fast", 36, 0.1, 0);
    servers.routers.publish(
        new RouterReport("r1", Map.of(), 0, new Plan("earliest-finish", 0.5, List.of())));
    Estimate estimate = estimate(Duration.ofSeconds(30));
    assertThat(estimate.deviceType()).isEqualTo("fast");
    assertThat(estimate.untilResult()).isEqualTo(Duration.ofMillis(600));
  }

  @Test
  void lane_of_the_routers_fleet_file_may_be_waited_for() {
    worker("fast", 36, 0.1, 0);
    servers.routers.publish(
        new RouterReport(
            "r1",
            Map.of(),
            0,
            new Plan(
                "cheapest-in-time",
                0,
                PlannedLanes.parse(
                    "{\"lanes\":{\"idle\":{\"usd_per_hour\":1,\"startup_seconds\":20,\"models\":"
                        + "{\"m\":{\"tasks\":[\"embeddings\"],\"fixed_seconds\":1,\"samples\":9}}}}}"))));
    Estimate patient = estimate(Duration.ofSeconds(30));
    assertThat(patient.deviceType()).isEqualTo("idle");
    assertThat(patient.untilStart()).isEqualTo(Duration.ofSeconds(20));
    assertThat(estimate(Duration.ofSeconds(15)).deviceType()).isEqualTo("fast");
  }

  @Test
  void deadline_that_nobody_meets_is_said() {
    worker("slow", 1, 1, 0);
    Estimate estimate = estimate(Duration.ofMillis(500));
    assertThat(estimate.inTime()).isFalse();
    assertThat(estimate.deviceType()).isEqualTo("slow");
  }

  @Test
  void nobody_who_can_run_it_is_no_estimate_and_no_redis_is_an_error() {
    worker("slow", 1, 1, 0);
    assertThat(client.estimate(Request.embed("other", "a text"))).isEmpty();
    servers.registryOutage.begin();
    assertThatThrownBy(() -> client.estimate(Request.embed("m", "a text")))
        .isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void nothing_is_sent() {
    worker("slow", 1, 1, 0);
    estimate(Duration.ofSeconds(5));
    assertThat(servers.producer.records("headrace.requests.standard")).isEmpty();
  }

  /** To be told of it is what an estimate is for. */
  @Test
  void request_that_would_be_refused_is_late() {
    worker("slow", 1, 1, 0);
    Request request =
        Request.embed("m", "a text").deadline(Duration.ofMillis(1)).admission(AdmissionMode.REJECT);
    assertThat(client.estimate(request).orElseThrow().inTime()).isFalse();
  }
}
