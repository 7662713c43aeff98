package dev.headrace.transport.redis;

import dev.headrace.protocol.service.DeviceReport;
import java.util.List;

/** The heartbeats of the workers that live. Throws FailureException STORE_UNAVAILABLE. */
public interface DeviceRegistry {
  /** Publishes a heartbeat; it is gone after the configured time to live. */
  void publish(DeviceReport report);

  /** Takes the worker out at once. */
  void remove(String workerId);

  /** The heartbeats that are not older than the time to live; garbage is left out. */
  List<DeviceReport> list();
}
