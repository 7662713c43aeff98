package dev.headrace.worker.loop;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.WorkerState;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Tells the router what this worker can do and how busy it is. */
final class Heartbeat {
  /** How often one that waits for another's to run out looks (chosen). */
  private static final long WAITING_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Claim claim;
  private final Identity self;
  private final String group;
  private final long intervalNanos;
  private long dueAt;

  /** What changes. */
  record Load(
      WorkerState state,
      double queuedSeconds,
      double runningSeconds,
      long memoryFreeBytes,
      long memoryUnusedBytes,
      double utilisation) {}

  Heartbeat(Claim claim, Identity self, String group, long intervalNanos, long nowNanos) {
    this.claim = claim;
    this.self = self;
    this.group = group;
    this.intervalNanos = intervalNanos;
    this.dueAt = nowNanos;
  }

  /** Nanoseconds until the next one. */
  long untilDue(long nowNanos) {
    return Math.max(0, dueAt - nowNanos);
  }

  /** The state changed: the next one is due now. */
  void soon(long nowNanos) {
    dueAt = nowNanos;
  }

  /**
   * Tells how it does.
   *
   * @throws dev.headrace.protocol.FailureException when another worker lives that has what only one
   *     can have
   */
  void send(Load load, Map<String, ModelReport> models, long nowNanos, Instant now) {
    dueAt = nowNanos + intervalNanos;
    DeviceReport report =
        new DeviceReport(
            self.workerId(),
            self.deviceType(),
            self.lane(),
            group,
            self.usdPerHour(),
            load.state(),
            now,
            load.queuedSeconds(),
            load.runningSeconds(),
            load.memoryFreeBytes(),
            load.memoryUnusedBytes(),
            load.utilisation(),
            models);
    boolean before = claim.held();
    claim.send(report);
    if (claim.waits()) {
      dueAt = nowNanos + Math.min(WAITING_NANOS, intervalNanos);
    } else if (claim.held() && !before) {
      soon(nowNanos); // this one did not say so yet
    }
  }

  /** The worker is gone. */
  void remove() {
    claim.release();
  }
}
