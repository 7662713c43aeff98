package dev.headrace.transport.kafka;

import dev.headrace.protocol.naming.Topics;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.utils.Utils;

/**
 * Chooses the partitions of Headrace's own topics, whatever the key: nothing rests on the order of
 * two requests there. What is sent to a topic within one batch's wait goes to one partition, up to
 * a few dozen records, then the next partition is taken: a batch costs producer, broker and
 * consumer as much as several small records. Bursts of work are as long as the router says, for
 * they keep one worker busy while others may idle; record by record if it says nothing. Reply
 * topics are others': there the key decides, as usual.
 *
 * <p>Made by Kafka's producer, called on all threads that send.
 */
public final class Bursts implements Partitioner {
  /** The property that holds the records in a burst by work topic, a map that may change. */
  static final String WORK = "headrace.work.bursts";

  /** Records in a burst (chosen). */
  static final int MAX_RECORDS = 256;

  private final Map<String, Burst> bursts = new ConcurrentHashMap<>();
  private Map<?, ?> work = Map.of();
  private long maxNanos;

  /** The burst under way to one topic. */
  private static final class Burst {
    private int turn;
    private int records;
    private long since;

    synchronized int next(int maxRecords, long maxNanos, long now) {
      if (records >= maxRecords || now - since > maxNanos) {
        turn = turn == Integer.MAX_VALUE ? 0 : turn + 1;
        records = 0;
        since = now;
      }
      records++;
      return turn;
    }
  }

  @Override
  public void configure(Map<String, ?> configs) {
    Object linger = configs.get(ProducerConfig.LINGER_MS_CONFIG);
    long ms = linger == null ? 0 : Long.parseLong(linger.toString());
    maxNanos = TimeUnit.MILLISECONDS.toNanos(ms);
    if (configs.get(WORK) instanceof Map<?, ?> given) {
      work = given;
    }
  }

  @Override
  public int partition(
      String topic, Object key, byte[] keyBytes, Object value, byte[] valueBytes, Cluster cluster) {
    List<PartitionInfo> partitions = cluster.availablePartitionsForTopic(topic);
    if (partitions.isEmpty()) {
      partitions = cluster.partitionsForTopic(topic);
    }
    if (!Topics.isInput(topic) && !topic.equals(Topics.OUTCOMES)) {
      return Utils.toPositive(Utils.murmur2(keyBytes)) % cluster.partitionCountForTopic(topic);
    }
    Burst burst = bursts.computeIfAbsent(topic, t -> new Burst());
    int turn = burst.next(records(topic), maxNanos, System.nanoTime());
    return partitions.get(turn % partitions.size()).partition();
  }

  private int records(String topic) {
    if (work.get(topic) instanceof Integer said) {
      return Math.max(1, Math.min(said, MAX_RECORDS));
    }
    return Topics.laneOf(topic).isPresent() ? 1 : MAX_RECORDS;
  }

  @Override
  public void close() {
    // holds nothing
  }
}
