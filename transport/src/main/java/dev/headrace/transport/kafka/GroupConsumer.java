package dev.headrace.transport.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member of a consumer group. What is committed for a slot is the lowest offset that is not
 * acknowledged, and with it how many behind it are ({@link DoneAhead}): one text that takes minutes
 * must not make hundreds that were finished meanwhile look like work. Each assignment of a slot has
 * an epoch: what was received in an earlier one is not ours any more, even when the slot came back,
 * because it is delivered again.
 */
public final class GroupConsumer implements EventConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(GroupConsumer.class);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Listener listener;
  private final Duration timeout;
  private final Map<Slot, Assigned> assigned = new HashMap<>();
  private Set<Slot> slots = Set.of();
  private long epochs;
  private boolean closing;

  /** A slot that is ours. */
  private static final class Assigned {
    final Slot slot;
    final TopicPartition partition;
    long epoch;
    OffsetTracker tracker = new OffsetTracker();

    /** What was committed last and did not fail. */
    @Nullable OffsetAndMetadata committed;

    Assigned(TopicPartition partition, long epoch) {
      this.slot = slot(partition);
      this.partition = partition;
      this.epoch = epoch;
    }
  }

  public GroupConsumer(
      KafkaConfig config, String group, Collection<String> topics, Listener listener) {
    this(config, group, group, topics, listener);
  }

  /** The same under a client id that says who it is. */
  public GroupConsumer(
      KafkaConfig config,
      String clientId,
      String group,
      Collection<String> topics,
      Listener listener) {
    this.listener = listener;
    this.timeout = config.timeout();
    try {
      this.consumer =
          new KafkaConsumer<>(
              ClientProperties.consumer(config, clientId, group),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer());
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "consumer of group " + group);
    }
    consumer.subscribe(topics, new Rebalances());
  }

  @Override
  public List<Received> poll(Duration wait) {
    ConsumerRecords<byte[], byte[]> records;
    try {
      records = consumer.poll(wait);
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "poll");
    }
    List<Received> received = new ArrayList<>(records.count());
    for (TopicPartition partition : records.partitions()) {
      Assigned a = assigned.get(slot(partition));
      if (a != null) {
        receive(a, records.records(partition), received);
      }
    }
    pass(records.nextOffsets());
    return received;
  }

  private void receive(
      Assigned a, List<ConsumerRecord<byte[], byte[]>> records, List<Received> into) {
    for (ConsumerRecord<byte[], byte[]> record : records) {
      if (!a.tracker.accepts(record.offset())) {
        // The log was cut and read anew from its beginning: what we hold of it is void.
        LOG.warn("offsets went back slot={} offset={}", a.slot, record.offset());
        a.epoch = ++epochs;
        a.tracker = new OffsetTracker();
        a.committed = null;
      }
      a.tracker.received(record.offset());
      into.add(
          new Received(
              a.slot, record.offset(), record.timestamp(), a.epoch, Wire.fromKafka(record)));
    }
  }

  /** What lies between records, as the markers of transactions do, is nobody's work. */
  private void pass(Map<TopicPartition, OffsetAndMetadata> next) {
    next.forEach(
        (partition, offset) -> {
          Assigned a = assigned.get(slot(partition));
          if (a != null) {
            a.tracker.passed(offset.offset());
          }
        });
  }

  @Override
  public boolean owns(Received record) {
    return current(record) != null;
  }

  private @Nullable Assigned current(Received record) {
    Assigned a = assigned.get(record.slot());
    return a != null && a.epoch == record.epoch() ? a : null;
  }

  @Override
  public void acknowledge(Received record) {
    Assigned a = current(record);
    if (a != null) {
      a.tracker.done(record.offset());
    }
  }

  @Override
  public Set<Slot> assigned() {
    return slots;
  }

  @Override
  public void pause(Collection<Slot> slots) {
    consumer.pause(partitions(slots));
  }

  @Override
  public void resume(Collection<Slot> slots) {
    consumer.resume(partitions(slots));
  }

  private List<TopicPartition> partitions(Collection<Slot> slots) {
    List<TopicPartition> partitions = new ArrayList<>(slots.size());
    for (Slot slot : slots) {
      Assigned a = assigned.get(slot);
      if (a != null) {
        partitions.add(a.partition);
      }
    }
    return partitions;
  }

  @Override
  public void commit() {
    Map<TopicPartition, OffsetAndMetadata> positions = positions(assigned.keySet());
    if (positions.isEmpty()) {
      return;
    }
    note(positions);
    try {
      // On a failure Kafka's new consumer passes null for the offsets.
      consumer.commitAsync(positions, (offsets, e) -> committed(positions, e));
    } catch (KafkaException e) {
      committed(positions, e);
    }
  }

  private void committed(
      Map<TopicPartition, OffsetAndMetadata> positions, @Nullable Exception failure) {
    if (failure == null) {
      return;
    }
    LOG.warn("offsets not committed positions={} cause={}", positions, failure.getMessage());
    positions.forEach(
        (partition, position) -> {
          Assigned a = assigned.get(slot(partition));
          if (a != null && position.equals(a.committed)) {
            a.committed = null; // the next commit tries again
          }
        });
  }

  /** What may be committed and is not. */
  private Map<TopicPartition, OffsetAndMetadata> positions(Collection<Slot> slots) {
    Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
    for (Slot slot : slots) {
      Assigned a = assigned.get(slot);
      if (a == null || a.tracker.position() < 0) {
        continue;
      }
      OffsetAndMetadata position =
          new OffsetAndMetadata(a.tracker.position(), DoneAhead.write(a.tracker.doneAhead()));
      if (!position.equals(a.committed)) {
        positions.put(a.partition, position);
      }
    }
    return positions;
  }

  private void note(Map<TopicPartition, OffsetAndMetadata> positions) {
    positions.forEach(
        (partition, position) -> {
          Assigned a = assigned.get(slot(partition));
          if (a != null) {
            a.committed = position;
          }
        });
  }

  /** Before slots go. A failure costs only that their records are delivered again. */
  private void commitNow(Collection<Slot> slots, Duration limit) {
    Map<TopicPartition, OffsetAndMetadata> positions = positions(slots);
    if (positions.isEmpty()) {
      return;
    }
    try {
      consumer.commitSync(positions, limit);
      note(positions);
    } catch (KafkaException e) {
      LOG.warn("offsets not committed positions={} cause={}", positions, e.getMessage());
    }
  }

  @Override
  public void close(Duration limit) {
    if (closing) {
      return;
    }
    closing = true;
    Duration half = limit.dividedBy(2);
    commitNow(assigned.keySet(), half);
    try {
      consumer.close(CloseOptions.timeout(half));
    } catch (KafkaException e) {
      LOG.warn("consumer not closed in order cause={}", e.getMessage());
    }
    assigned.clear();
    slots = Set.of();
  }

  private void remove(Collection<Slot> gone) {
    gone.forEach(assigned::remove);
    slots = Set.copyOf(assigned.keySet());
  }

  private static Slot slot(TopicPartition partition) {
    return new Slot(partition.topic(), partition.partition());
  }

  private static List<Slot> slots(Collection<TopicPartition> partitions) {
    return partitions.stream().map(GroupConsumer::slot).toList();
  }

  /** Called by Kafka inside poll and close. */
  private final class Rebalances implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      for (TopicPartition partition : partitions) {
        assigned.put(slot(partition), new Assigned(partition, ++epochs));
      }
      slots = Set.copyOf(assigned.keySet());
      if (!partitions.isEmpty()) {
        LOG.info("slots assigned slots={}", partitions);
        listener.assigned(slots(partitions));
      }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      if (closing || partitions.isEmpty()) {
        return;
      }
      LOG.info("slots revoked slots={}", partitions);
      List<Slot> gone = slots(partitions);
      listener.revoked(gone);
      commitNow(gone, timeout);
      remove(gone);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      if (closing || partitions.isEmpty()) {
        return;
      }
      LOG.warn("slots lost slots={}", partitions);
      List<Slot> gone = slots(partitions);
      remove(gone); // another has them: nothing of ours may be committed
      listener.revoked(gone);
    }
  }
}
