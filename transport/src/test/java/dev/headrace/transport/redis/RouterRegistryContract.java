package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.PlannedLanes;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReport.Plan;
import dev.headrace.protocol.service.RouterReport.Waiting;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What every router registry does; heartbeats live for {@link #TIME_TO_LIVE}. */
abstract class RouterRegistryContract {
  static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);

  private final String router = Clients.next();
  private final RouterReport report =
      new RouterReport(
          router,
          Map.of(
              "h100",
              new Waiting(12.5, 40, -3, Map.of(Tier.ECONOMY, 12.0, Tier.PREMIUM, 0.5)),
              "t4",
              new Waiting(0, 0, 0)),
          77,
          new Plan(
              "pack",
              0.25,
              PlannedLanes.parse(
                  "{\"lanes\":{\"t4\":{\"device_type\":\"nvidia-t4\",\"usd_per_hour\":0.35,"
                      + "\"startup_seconds\":90,\"models\":{\"m\":{\"tasks\":[\"rerank\"],"
                      + "\"precision\":\"int8\",\"fixed_seconds\":0.002,\"samples\":9}}}}}"),
              Map.of(Tier.ECONOMY, 1.0, Tier.PREMIUM, 6.0)));

  abstract RouterRegistry registry();

  /** Lets time pass. */
  abstract void pass(Duration time);

  @Test
  void published_report_is_listed_as_it_was_until_a_later_one_replaces_it() {
    registry().publish(report);
    assertThat(registry().list()).contains(report);

    RouterReport later = new RouterReport(router, Map.of());
    registry().publish(later);
    assertThat(registry().list()).contains(later).doesNotContain(report);
  }

  @Test
  void removed_router_is_gone_at_once() {
    registry().publish(report);
    registry().remove(router);
    registry().remove(router);

    assertThat(registry().list()).extracting(RouterReport::routerId).doesNotContain(router);
  }

  @Test
  void silent_router_is_gone_after_the_time_to_live() {
    registry().publish(report);
    pass(TIME_TO_LIVE.plusMillis(100));

    assertThat(registry().list()).extracting(RouterReport::routerId).doesNotContain(router);
  }
}
