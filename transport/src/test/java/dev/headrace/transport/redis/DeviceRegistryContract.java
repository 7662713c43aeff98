package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.redis.DeviceRegistry.Namesake;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What every device registry does; heartbeats live for {@link #TIME_TO_LIVE}. */
abstract class DeviceRegistryContract {
  static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);

  private final String worker = Clients.next();

  abstract DeviceRegistry registry();

  /** Lets time pass. */
  abstract void pass(Duration time);

  @Test
  void published_report_is_listed_as_it_was() {
    DeviceReport report = Samples.report(worker);
    registry().publish(report);

    assertThat(registry().list()).contains(report);
  }

  @Test
  void later_report_replaces_the_earlier() {
    DeviceReport report = Samples.report(worker);
    DeviceReport later =
        new DeviceReport(
            worker, "d", "l", "", 1, WorkerState.DRAINING, Samples.NOW, 0, 0, 0, 0, 0, Map.of());
    registry().publish(report);
    registry().publish(later);

    assertThat(registry().list()).contains(later).doesNotContain(report);
  }

  private static DeviceReport at(DeviceReport r, Instant sentAt) {
    return new DeviceReport(
        r.workerId(),
        r.deviceType(),
        r.lane(),
        r.group(),
        r.usdPerHour(),
        r.state(),
        sentAt,
        r.queuedSeconds(),
        r.runningSeconds(),
        r.memoryFreeBytes(),
        r.memoryUnusedBytes(),
        r.utilisation(),
        r.models());
  }

  @Test
  void id_belongs_to_the_instance_whose_heartbeat_stands() {
    DeviceReport report = Samples.report(worker);
    DeviceReport later = at(report, Samples.NOW.plusMillis(5));
    DeviceReport others = at(report, Samples.NOW.plusSeconds(9));
    assertThat(registry().claim(report, "a")).isEmpty();
    assertThat(registry().claim(others, "b"))
        .contains(new Namesake("a", report.sentAt().toString()));
    assertThat(registry().list()).contains(report).doesNotContain(others);

    assertThat(registry().claim(later, "a")).isEmpty();
    assertThat(registry().claim(others, "b"))
        .contains(new Namesake("a", later.sentAt().toString()));
    assertThat(registry().list()).contains(later).doesNotContain(others);
  }

  @Test
  void id_of_a_silent_worker_is_free_after_the_time_to_live() {
    assertThat(registry().claim(Samples.report(worker), "a")).isEmpty();
    pass(TIME_TO_LIVE.plusMillis(100));

    assertThat(registry().claim(Samples.report(worker), "b")).isEmpty();
    assertThat(registry().claim(Samples.report(worker), "a")).isPresent();
  }

  @Test
  void only_its_own_heartbeat_is_released() {
    registry().claim(Samples.report(worker), "a");
    registry().release(worker, "b");
    assertThat(registry().list()).extracting(DeviceReport::workerId).contains(worker);

    registry().release(worker, "a");
    registry().release(worker, "a");
    assertThat(registry().list()).extracting(DeviceReport::workerId).doesNotContain(worker);
    assertThat(registry().claim(Samples.report(worker), "b")).isEmpty();
  }

  @Test
  void heartbeat_that_names_no_instance_gives_way() {
    registry().publish(Samples.report(worker));
    assertThat(registry().claim(Samples.report(worker), "a")).isEmpty();
  }

  @Test
  void removed_worker_is_gone_at_once() {
    registry().publish(Samples.report(worker));
    registry().remove(worker);
    registry().remove(worker);

    assertThat(registry().list()).extracting(DeviceReport::workerId).doesNotContain(worker);
  }

  @Test
  void silent_worker_is_gone_after_the_time_to_live() {
    registry().publish(Samples.report(worker));
    pass(TIME_TO_LIVE.plusMillis(100));

    assertThat(registry().list()).extracting(DeviceReport::workerId).doesNotContain(worker);
    registry().publish(Samples.report(worker));
    assertThat(registry().list()).extracting(DeviceReport::workerId).contains(worker);
  }
}
