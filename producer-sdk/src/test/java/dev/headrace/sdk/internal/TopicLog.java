package dev.headrace.sdk.internal;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.kafka.OutcomeTail;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Topics of outcomes with the times of their records, written by workers and read by tails. */
final class TopicLog implements EventProducer, OutcomeTail.Source {
  private record Entry(Instant time, WireRecord record) {}

  private final InstantSource clock;
  private final int recordsPerPoll;
  private final Map<String, List<Entry>> topics = new HashMap<>();
  private boolean down;
  private int opened;
  private int open;

  TopicLog(InstantSource clock, int recordsPerPoll) {
    this.clock = clock;
    this.recordsPerPoll = recordsPerPoll;
  }

  synchronized void down(boolean isDown) {
    down = isDown;
  }

  synchronized List<WireRecord> records(String topic) {
    return topics.getOrDefault(topic, List.of()).stream().map(Entry::record).toList();
  }

  synchronized int opened() {
    return opened;
  }

  synchronized int open() {
    return open;
  }

  @Override
  public void send(String topic, WireRecord record, Callback callback) {
    synchronized (this) {
      topics.computeIfAbsent(topic, t -> new ArrayList<>()).add(new Entry(clock.instant(), record));
    }
    callback.done(null);
  }

  @Override
  public void close(Duration timeout) {}

  @Override
  public synchronized OutcomeTail open(Set<String> names, Instant from) {
    requireUp();
    Map<String, Integer> positions = new HashMap<>();
    Map<String, Integer> ends = new HashMap<>();
    for (String name : names) {
      List<Entry> entries = topics.getOrDefault(name, List.of());
      positions.put(name, (int) entries.stream().filter(e -> e.time().isBefore(from)).count());
      ends.put(name, entries.size());
    }
    opened++;
    open++;
    return new Tail(positions, ends);
  }

  private void requireUp() {
    if (down) {
      throw new FailureException(ErrorCode.BROKER_UNAVAILABLE, "fake broker is down");
    }
  }

  private final class Tail implements OutcomeTail {
    private final Map<String, Integer> positions;
    private final Map<String, Integer> ends;

    Tail(Map<String, Integer> positions, Map<String, Integer> ends) {
      this.positions = positions;
      this.ends = ends;
    }

    @Override
    public List<WireRecord> poll(Duration timeout) {
      synchronized (TopicLog.this) {
        requireUp();
        List<WireRecord> found = new ArrayList<>();
        positions.replaceAll(
            (name, at) -> {
              List<Entry> entries = topics.getOrDefault(name, List.of());
              int to = Math.min(entries.size(), at + recordsPerPoll);
              entries.subList(at, to).forEach(e -> found.add(e.record()));
              return to;
            });
        return found;
      }
    }

    @Override
    public boolean caughtUp() {
      return ends.entrySet().stream().allMatch(e -> positions.get(e.getKey()) >= e.getValue());
    }

    @Override
    public void close() {
      synchronized (TopicLog.this) {
        open--;
      }
    }
  }
}
