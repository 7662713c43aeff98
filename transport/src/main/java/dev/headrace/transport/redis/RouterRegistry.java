package dev.headrace.transport.redis;

import dev.headrace.protocol.service.RouterReport;
import java.util.List;

/** The heartbeats of the routers that live. Throws FailureException STORE_UNAVAILABLE. */
public interface RouterRegistry {
  /** Publishes a heartbeat; it is gone after the configured time to live. */
  void publish(RouterReport report);

  /** Takes the router out at once. */
  void remove(String routerId);

  /** The heartbeats that are not older than the time to live; garbage is left out. */
  List<RouterReport> list();
}
