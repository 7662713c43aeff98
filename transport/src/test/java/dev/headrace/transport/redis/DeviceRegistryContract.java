package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
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
            worker, "d", "l", 1, WorkerState.DRAINING, Samples.NOW, 0, 0, 0, 0, 0, Map.of());
    registry().publish(report);
    registry().publish(later);

    assertThat(registry().list()).contains(later).doesNotContain(report);
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
