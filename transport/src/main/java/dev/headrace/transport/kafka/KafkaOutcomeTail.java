package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads assigned partitions from the offsets that the broker has for a time on. */
public final class KafkaOutcomeTail implements OutcomeTail {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaOutcomeTail.class);

  /** The reader's thread has other work, so it must not wait long for a broker (chosen). */
  static final Duration MAX_WAIT = Duration.ofSeconds(2);

  private final KafkaConsumer<byte[], byte[]> consumer;

  /** Where the partitions ended at the beginning and are not read yet. */
  private final Map<TopicPartition, Long> ahead;

  private KafkaOutcomeTail(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
    this.consumer = consumer;
    this.ahead = new HashMap<>(ends);
  }

  /** Opens tails at this Kafka; opening waits at most a few seconds. */
  public static Source at(KafkaConfig config, String clientId) {
    return (topics, from) -> open(config, clientId, topics, from);
  }

  private static OutcomeTail open(
      KafkaConfig config, String clientId, Set<String> topics, Instant from) {
    KafkaConsumer<byte[], byte[]> consumer;
    try {
      consumer =
          new KafkaConsumer<>(
              ClientProperties.tail(config, clientId, MAX_WAIT),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer());
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "open " + topics);
    }
    try {
      return new KafkaOutcomeTail(consumer, seek(consumer, topics, from));
    } catch (KafkaException e) {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
      throw KafkaErrors.ofCall(e, "open " + topics);
    } catch (FailureException e) {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
      throw e;
    }
  }

  /** Goes to the first record of this time or later; returns where the partitions end. */
  private static Map<TopicPartition, Long> seek(
      KafkaConsumer<byte[], byte[]> consumer, Set<String> topics, Instant from) {
    List<TopicPartition> partitions = partitions(consumer, topics);
    if (partitions.isEmpty()) {
      throw new FailureException(
          ErrorCode.BROKER_UNAVAILABLE, "open " + topics + ": none of them exists");
    }
    consumer.assign(partitions);
    Map<TopicPartition, Long> times = new HashMap<>();
    partitions.forEach(partition -> times.put(partition, from.toEpochMilli()));
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    Map<TopicPartition, @Nullable OffsetAndTimestamp> begins =
        new HashMap<>(consumer.offsetsForTimes(times));
    for (TopicPartition partition : partitions) {
      OffsetAndTimestamp begin = begins.get(partition);
      // Null: no record is that young. One that came since endOffsets was asked is not skipped.
      consumer.seek(partition, begin == null ? ends.getOrDefault(partition, 0L) : begin.offset());
    }
    return ends;
  }

  private static List<TopicPartition> partitions(
      KafkaConsumer<byte[], byte[]> consumer, Collection<String> topics) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : topics) {
      try {
        List<PartitionInfo> infos = consumer.partitionsFor(topic);
        if (infos != null) {
          infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
      } catch (UnknownTopicOrPartitionException e) {
        // Nothing was published there yet.
      }
    }
    return partitions;
  }

  @Override
  public List<WireRecord> poll(Duration timeout) {
    try {
      List<WireRecord> records = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
        records.add(Wire.fromKafka(record));
      }
      return records;
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "read " + consumer.assignment());
    }
  }

  @Override
  public boolean caughtUp() {
    try {
      ahead.entrySet().removeIf(e -> consumer.position(e.getKey()) >= e.getValue());
      return ahead.isEmpty();
    } catch (KafkaException e) {
      return false; // not known; poll says what is wrong
    }
  }

  @Override
  public void close() {
    try {
      consumer.close(CloseOptions.timeout(MAX_WAIT));
    } catch (KafkaException e) {
      LOG.warn("tail not closed in order cause={}", e.getMessage());
    }
  }
}
