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
 * consumer as much as several small records. Work goes round record by record, for a burst would
 * keep one worker busy and let others idle. Reply topics are others': there the key decides, as
 * usual.
 *
 * <p>Made by Kafka's producer, called on all threads that send.
 */
public final class Bursts implements Partitioner {
  /** Records in a burst (chosen). */
  static final int MAX_RECORDS = 64;

  private final Map<String, Burst> bursts = new ConcurrentHashMap<>();
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
    int turn =
        burst.next(Topics.laneOf(topic).isPresent() ? 1 : MAX_RECORDS, maxNanos, System.nanoTime());
    return partitions.get(turn % partitions.size()).partition();
  }

  @Override
  public void close() {
    // holds nothing
  }
}
