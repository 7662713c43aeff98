package dev.headrace.transport.redis;

import java.util.List;

/**
 * The heartbeats of those that live. All methods throw FailureException STORE_UNAVAILABLE.
 *
 * @param <T> what a heartbeat says
 */
public interface HeartbeatRegistry<T> {
  /** Publishes a heartbeat; it is gone after the configured time to live. */
  void publish(T report);

  /** Takes the one with this id out at once. */
  void remove(String id);

  /** The heartbeats that are not older than the time to live; garbage is left out. */
  List<T> list();
}
