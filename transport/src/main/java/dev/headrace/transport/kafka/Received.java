package dev.headrace.transport.kafka;

import dev.headrace.protocol.event.WireRecord;

/**
 * A record with its place.
 *
 * @param slot topic and partition
 * @param offset in the partition
 * @param timestampMs the record's time in epoch milliseconds
 * @param epoch counts the assignments of the slot to this consumer: records of an earlier one are
 *     stale
 * @param record headers and value
 */
public record Received(Slot slot, long offset, long timestampMs, long epoch, WireRecord record) {
  /** Where it is, for messages. */
  public String place() {
    return slot + "@" + offset;
  }
}
