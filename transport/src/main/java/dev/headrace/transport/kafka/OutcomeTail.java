package dev.headrace.transport.kafka;

import dev.headrace.protocol.event.WireRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * Reads all partitions of some topics from a time on, as a member of no group: what a client that
 * cannot rely on Redis reads its outcomes from. Used by one thread.
 */
public interface OutcomeTail extends AutoCloseable {

  /** Opens tails. */
  interface Source {
    /**
     * Begins at the first records with this time or a later one; topics that do not exist are left
     * out.
     *
     * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE; nothing stays open then
     */
    OutcomeTail open(Set<String> topics, Instant from);
  }

  /**
   * Waits for records.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE; calling again continues
   */
  List<WireRecord> poll(Duration timeout);

  /** Whether all was returned that the topics held when this was opened. */
  boolean caughtUp();

  @Override
  void close();
}
