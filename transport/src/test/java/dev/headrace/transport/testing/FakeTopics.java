package dev.headrace.transport.testing;

import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a broker would hold: records by slot, and the committed offsets of one group. */
public final class FakeTopics {
  /** A record as it lies in its partition. */
  public record Entry(long timestampMs, WireRecord record) {}

  private final Map<Slot, List<Entry>> entries = new HashMap<>();
  private final Map<Slot, Long> committed = new HashMap<>();

  /** Appends a record and returns its offset. */
  public synchronized long append(Slot slot, long timestampMs, WireRecord record) {
    List<Entry> partition = entries.computeIfAbsent(slot, s -> new ArrayList<>());
    partition.add(new Entry(timestampMs, record));
    return partition.size() - 1L;
  }

  /** Appends a record to partition 0 at time 0. */
  public long append(String topic, WireRecord record) {
    return append(new Slot(topic, 0), 0, record);
  }

  /** The offset that the group committed: that of the next record to read; 0 before any commit. */
  public synchronized long committed(Slot slot) {
    return committed.getOrDefault(slot, 0L);
  }

  synchronized void commit(Slot slot, long offset) {
    committed.put(slot, offset);
  }

  /** The offset behind the last record. */
  public synchronized long end(Slot slot) {
    return entries.getOrDefault(slot, List.of()).size();
  }

  synchronized Entry entry(Slot slot, long offset) {
    return entries.getOrDefault(slot, List.of()).get((int) offset);
  }
}
