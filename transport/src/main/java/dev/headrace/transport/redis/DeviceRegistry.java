package dev.headrace.transport.redis;

import dev.headrace.protocol.service.DeviceReport;
import java.util.Optional;

/**
 * The heartbeats of the workers that live. A worker's id is given by whoever configures it, so two
 * may have the same; each names its instance, and finds out.
 */
public interface DeviceRegistry extends HeartbeatRegistry<DeviceReport> {
  /**
   * Publishes a worker's heartbeat, unless one of another instance stands under its id.
   *
   * @param instance of the worker; no other has it, ever
   * @return the other, when this heartbeat was not published
   */
  Optional<Namesake> claim(DeviceReport report, String instance);

  /** Takes out the heartbeat of the worker with this id if it is this instance's. */
  void release(String workerId, String instance);

  /**
   * Another worker with the same id, or an earlier life of the same.
   *
   * @param instance which
   * @param sentAt when it sent its heartbeat, by its own clock; one that lives sends another
   */
  record Namesake(String instance, String sentAt) {}
}
