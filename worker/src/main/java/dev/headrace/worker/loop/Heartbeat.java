package dev.headrace.worker.loop;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Instant;
import java.util.Map;

/** Tells the router what this worker can do and how busy it is. */
final class Heartbeat {
  private final DeviceRegistry registry;
  private final StoreGate gate;
  private final Identity self;
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

  Heartbeat(
      DeviceRegistry registry, StoreGate gate, Identity self, long intervalNanos, long nowNanos) {
    this.registry = registry;
    this.gate = gate;
    this.self = self;
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

  void send(Load load, Map<String, ModelReport> models, long nowNanos, Instant now) {
    dueAt = nowNanos + intervalNanos;
    DeviceReport report =
        new DeviceReport(
            self.workerId(),
            self.deviceType(),
            self.lane(),
            self.usdPerHour(),
            load.state(),
            now,
            load.queuedSeconds(),
            load.runningSeconds(),
            load.memoryFreeBytes(),
            load.memoryUnusedBytes(),
            load.utilisation(),
            models);
    gate.tell("sending the heartbeat", () -> registry.publish(report));
  }

  /** The worker is gone. */
  void remove() {
    gate.tell("removing the heartbeat", () -> registry.remove(self.workerId()));
  }
}
