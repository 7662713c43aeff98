package dev.headrace.transport.testing;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * One member of a group over {@link FakeTopics}. The test moves slots with {@link #assign} and
 * {@link #revoke}, which take effect inside the next poll, as with Kafka. What was not acknowledged
 * when a slot went is delivered again when it, or the same slot at another member, comes back.
 */
public final class FakeConsumer implements EventConsumer {
  private final FakeTopics topics;
  private final Listener listener;
  private final int maxPollRecords;

  private final Map<Slot, Assigned> assigned = new LinkedHashMap<>();
  private final Set<Slot> paused = new LinkedHashSet<>();
  private final Map<Slot, Long> epochs = new HashMap<>();
  private final Set<Slot> toAssign = new LinkedHashSet<>();
  private final Set<Slot> toRevoke = new LinkedHashSet<>();
  private int failingPolls;
  private int deliveries = 1;
  private int released;
  private boolean kept = true;
  private boolean closed;

  /** A slot that is ours: what was read of it and what of that is not done. */
  private static final class Assigned {
    final long epoch;
    long position;
    final TreeSet<Long> open = new TreeSet<>();

    Assigned(long epoch, long position) {
      this.epoch = epoch;
      this.position = position;
    }

    long committable() {
      return open.isEmpty() ? position : open.first();
    }
  }

  public FakeConsumer(FakeTopics topics, Listener listener, int maxPollRecords) {
    this.topics = topics;
    this.listener = listener;
    this.maxPollRecords = maxPollRecords;
  }

  /** A member with topics of its own, a listener that does nothing, at most 500 records a poll. */
  public FakeConsumer() {
    this(
        new FakeTopics(),
        new Listener() {
          @Override
          public void assigned(Collection<Slot> slots) {}

          @Override
          public void revoked(Collection<Slot> slots) {}
        },
        500);
  }

  /** What this consumer reads. */
  public FakeTopics topics() {
    return topics;
  }

  /** Appends a record to partition 0 and sees to it that the slot is assigned. */
  public synchronized long add(String topic, WireRecord record) {
    Slot slot = new Slot(topic, 0);
    if (!assigned.containsKey(slot)) {
      toAssign.add(slot);
    }
    return topics.append(topic, record);
  }

  /** Gives these slots to this member at the next poll. */
  public synchronized void assign(Slot... slots) {
    toAssign.addAll(List.of(slots));
  }

  /** Takes these slots from this member at the next poll. */
  public synchronized void revoke(Slot... slots) {
    toRevoke.addAll(List.of(slots));
  }

  /** The next polls throw BROKER_UNAVAILABLE. */
  public synchronized void failPolls(int count) {
    failingPolls = count;
  }

  /**
   * Another member that takes over all slots of this one, as after a crash: nothing is committed.
   */
  public synchronized FakeConsumer crash(Listener other) {
    closed = true;
    FakeConsumer next = new FakeConsumer(topics, other, maxPollRecords);
    next.toAssign.addAll(assigned.keySet());
    next.toAssign.addAll(toAssign);
    return next;
  }

  @Override
  public List<Received> poll(Duration timeout) {
    requireOpen();
    rebalance();
    synchronized (this) {
      if (failingPolls > 0) {
        failingPolls--;
        throw new FailureException(ErrorCode.BROKER_UNAVAILABLE, "fake broker is down");
      }
      List<Received> records = new ArrayList<>();
      assigned.forEach((slot, a) -> read(slot, a, records));
      return records;
    }
  }

  private void rebalance() {
    List<Slot> lost;
    List<Slot> won;
    synchronized (this) {
      lost = toRevoke.stream().filter(assigned::containsKey).toList();
      won = toAssign.stream().filter(s -> !assigned.containsKey(s) || lost.contains(s)).toList();
      toRevoke.clear();
      toAssign.clear();
    }
    if (!lost.isEmpty()) {
      listener.revoked(lost); // told first, so that it can acknowledge what is done
      synchronized (this) {
        lost.forEach(this::commit);
        lost.forEach(assigned::remove);
        lost.forEach(paused::remove);
      }
    }
    if (!won.isEmpty()) {
      synchronized (this) {
        won.forEach(
            s ->
                assigned.put(s, new Assigned(epochs.merge(s, 1L, Long::sum), topics.committed(s))));
      }
      listener.assigned(won);
    }
  }

  private void read(Slot slot, Assigned a, List<Received> into) {
    while (!paused.contains(slot)
        && a.position < topics.end(slot)
        && into.size() < maxPollRecords) {
      FakeTopics.Entry entry = topics.entry(slot, a.position);
      into.add(new Received(slot, a.position, entry.timestampMs(), a.epoch, entry.record()));
      a.open.add(a.position);
      a.position++;
    }
  }

  @Override
  public synchronized boolean owns(Received record) {
    Assigned a = assigned.get(record.slot());
    return a != null && a.epoch == record.epoch();
  }

  @Override
  public synchronized void acknowledge(Received record) {
    if (owns(record)) {
      assigned.get(record.slot()).open.remove(record.offset());
    }
  }

  /** As the member of a share group: from now on all records were delivered so often. */
  public synchronized void deliveries(int count) {
    deliveries = count;
  }

  /** Whether records are kept beyond the time that they are lent for. */
  public synchronized boolean kept() {
    return kept;
  }

  @Override
  public synchronized void keep(boolean worked) {
    kept = worked;
  }

  /** Records that were released. */
  public synchronized int released() {
    return released;
  }

  @Override
  public synchronized void release(Received record) {
    released++;
  }

  @Override
  public synchronized int deliveries(Received record) {
    return deliveries;
  }

  @Override
  public synchronized boolean wornOut(Received record) {
    return deliveries >= 8;
  }

  @Override
  public synchronized Set<Slot> assigned() {
    return Set.copyOf(assigned.keySet());
  }

  @Override
  public synchronized void pause(Collection<Slot> slots) {
    slots.stream().filter(assigned::containsKey).forEach(paused::add);
  }

  @Override
  public synchronized void resume(Collection<Slot> slots) {
    paused.removeAll(slots);
  }

  /** Slots that are not fetched now. */
  public synchronized Set<Slot> paused() {
    return Set.copyOf(paused);
  }

  /** Records that were delivered and are not acknowledged. */
  public synchronized int unacknowledged() {
    return assigned.values().stream().mapToInt(a -> a.open.size()).sum();
  }

  @Override
  public synchronized void commit() {
    requireOpen();
    assigned.keySet().forEach(this::commit);
  }

  private void commit(Slot slot) {
    topics.commit(slot, assigned.get(slot).committable());
  }

  @Override
  public synchronized void close(Duration timeout) {
    if (!closed) {
      commit();
      assigned.clear();
      closed = true;
    }
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new IllegalStateException("consumer is closed");
    }
  }
}
