package dev.headrace.transport.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.AcknowledgementCommitCallback;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.record.TimestampType;

/**
 * Kafka's client of a share group in explicit mode, with a broker of one partition behind it that
 * lends records for a time. As with the real one: a poll is refused before all records of the last
 * have answers; what was asked for longer takes none until a poll brought it back; nothing is given
 * while something was.
 */
final class FakeShareConsumer implements ShareConsumer<byte[], byte[]> {
  static final int LOCK_MS = 10_000;

  /** What became of a record at the broker. */
  enum State {
    WAITS,
    LENT,
    DONE
  }

  private static final class Entry {
    State state = State.WAITS;
    int deliveries;
    long until;
  }

  private final String topic;
  private final LongSupplier nanos;
  private final int most;
  private final TreeMap<Long, Entry> log = new TreeMap<>();

  /** Given by the last poll and not answered, with what was said of them. */
  private final Map<Long, AcknowledgeType> inHand = new LinkedHashMap<>();

  /** Lent, and not given yet. */
  private final List<Long> store = new ArrayList<>();

  private final Set<Long> renewing = new TreeSet<>();
  private final Set<Long> renewed = new TreeSet<>();
  private AcknowledgementCommitCallback callback = (offsets, failure) -> {};

  /** Whether the broker answers what more time was asked for. */
  boolean answers = true;

  /** Types that were ever sent. */
  final Set<AcknowledgeType> sent = new TreeSet<>();

  int renewals;
  boolean closed;

  FakeShareConsumer(String topic, int most, LongSupplier nanos) {
    this.topic = topic;
    this.most = most;
    this.nanos = nanos;
  }

  void append(int count) {
    for (int i = 0; i < count; i++) {
      log.put((long) log.size(), new Entry());
    }
  }

  State state(long offset) {
    return log.get(offset).state;
  }

  int deliveries(long offset) {
    return log.get(offset).deliveries;
  }

  /** Locks that are over. */
  private void expire() {
    for (Entry e : log.values()) {
      if (e.state == State.LENT && nanos.getAsLong() - e.until >= 0) {
        e.state = State.WAITS;
      }
    }
  }

  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    if (inHand.containsValue(null)) {
      throw new IllegalStateException("All records must be acknowledged: " + inHand);
    }
    commitAsync();
    if (!renewing.isEmpty()) {
      return ConsumerRecords.empty();
    }
    if (!renewed.isEmpty()) {
      renewed.forEach(o -> inHand.put(o, null));
      renewed.clear();
      return records(inHand.keySet());
    }
    if (!store.isEmpty()) {
      List<Long> given = List.copyOf(store);
      store.clear();
      given.forEach(o -> inHand.put(o, null));
      return records(given);
    }
    fetch();
    return ConsumerRecords.empty();
  }

  /** What a fetch brings is seen by the next poll. */
  private void fetch() {
    expire();
    log.forEach(
        (offset, e) -> {
          if (e.state == State.WAITS && store.size() < most) {
            e.state = State.LENT;
            e.deliveries++;
            e.until = nanos.getAsLong() + LOCK_MS * 1_000_000L;
            store.add(offset);
          }
        });
  }

  private ConsumerRecords<byte[], byte[]> records(Collection<Long> offsets) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (long offset : offsets) {
      records.add(
          new ConsumerRecord<>(
              topic,
              0,
              offset,
              0,
              TimestampType.CREATE_TIME,
              -1,
              -1,
              null,
              new byte[0],
              new RecordHeaders(),
              Optional.empty(),
              Optional.of((short) log.get(offset).deliveries)));
    }
    return records.isEmpty()
        ? ConsumerRecords.empty()
        : new ConsumerRecords<>(Map.of(new TopicPartition(topic, 0), records), Map.of());
  }

  @Override
  public void acknowledge(ConsumerRecord<byte[], byte[]> record, AcknowledgeType type) {
    if (!inHand.containsKey(record.offset())) {
      throw new IllegalStateException("The record cannot be acknowledged.");
    }
    inHand.put(record.offset(), type);
  }

  @Override
  public void commitAsync() {
    expire();
    Map<Long, AcknowledgeType> said = new TreeMap<>();
    inHand.forEach(
        (offset, type) -> {
          if (type != null) {
            said.put(offset, type);
          }
        });
    said.keySet().forEach(inHand::remove);
    said.forEach(this::send);
    if (answers && !renewing.isEmpty()) {
      List<Long> asked = List.copyOf(renewing);
      renewing.clear();
      asked.forEach(this::renew);
    }
  }

  private void send(long offset, AcknowledgeType type) {
    sent.add(type);
    Entry e = log.get(offset);
    switch (type) {
      case RENEW -> renewing.add(offset);
      case ACCEPT -> end(offset, e, State.DONE);
      case RELEASE -> end(offset, e, State.WAITS);
      default -> throw new AssertionError("never said: " + type);
    }
  }

  private void end(long offset, Entry e, State next) {
    boolean ours = e.state == State.LENT;
    if (ours) {
      e.state = next;
    }
    tell(offset, ours);
  }

  private void renew(long offset) {
    Entry e = log.get(offset);
    boolean ours = e.state == State.LENT;
    if (ours) {
      renewals++;
      e.until = nanos.getAsLong() + LOCK_MS * 1_000_000L;
      renewed.add(offset);
    }
    tell(offset, ours);
  }

  private void tell(long offset, boolean taken) {
    Map<TopicIdPartition, Set<Long>> offsets = new HashMap<>();
    offsets.put(new TopicIdPartition(Uuid.ONE_UUID, 0, topic), Set.of(offset));
    callback.onComplete(offsets, taken ? null : new KafkaException("record state is invalid"));
  }

  @Override
  public void setAcknowledgementCommitCallback(AcknowledgementCommitCallback itsCallback) {
    callback = itsCallback;
  }

  @Override
  public Optional<Integer> acquisitionLockTimeoutMs() {
    return Optional.of(LOCK_MS);
  }

  @Override
  public void close(Duration timeout) {
    commitAsync();
    log.values().stream().filter(e -> e.state == State.LENT).forEach(e -> e.state = State.WAITS);
    closed = true;
  }

  @Override
  public void subscribe(Collection<String> topics) {}

  @Override
  public Set<String> subscription() {
    return Set.of(topic);
  }

  @Override
  public void unsubscribe() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void acknowledge(ConsumerRecord<byte[], byte[]> record) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void acknowledge(String topic, int partition, long offset, AcknowledgeType type) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Map<TopicIdPartition, Optional<KafkaException>> commitSync() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Map<TopicIdPartition, Optional<KafkaException>> commitSync(Duration timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Uuid clientInstanceId(Duration timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Map<MetricName, ? extends Metric> metrics() {
    return Map.of();
  }

  @Override
  public void registerMetricForSubscription(KafkaMetric metric) {}

  @Override
  public void unregisterMetricFromSubscription(KafkaMetric metric) {}

  @Override
  public void close() {
    close(Duration.ZERO);
  }

  @Override
  public void wakeup() {}
}
