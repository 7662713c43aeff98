package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates topics and looks at lags. Each wait is bounded by the configured timeout. Thread-safe.
 */
public final class TopicAdmin implements LaneBacklog, AutoCloseable {
  private static final long VISIBLE_STEP_NANOS = 20_000_000L;

  private final Admin admin;
  private final KafkaConfig config;

  public TopicAdmin(KafkaConfig config) {
    this.config = config;
    try {
      this.admin = Admin.create(ClientProperties.admin(config));
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "admin client");
    }
  }

  /**
   * Creates those of the topics that do not exist, with the configured partitions and replicas, and
   * waits until the brokers serve them: a created topic has its leaders a moment later.
   *
   * @throws FailureException BROKER_UNAVAILABLE, or INTERNAL_ERROR when the broker refuses
   */
  public void ensure(Collection<String> topics) {
    Set<String> existing = await(admin.listTopics().names(), "list topics");
    List<NewTopic> missing = new ArrayList<>();
    for (String topic : topics) {
      if (!existing.contains(topic)) {
        missing.add(
            new NewTopic(
                topic,
                Optional.of(config.topicPartitions()),
                Optional.of((short) config.topicReplicationFactor())
                    .filter(replicas -> replicas > 0)));
      }
    }
    admin
        .createTopics(missing)
        .values()
        .forEach(
            (topic, created) ->
                await(created, "create topic " + topic, Set.of(TopicExistsException.class)));
    awaitVisible(missing.stream().map(NewTopic::name).toList());
  }

  /**
   * The lanes that have a work topic, whether or not anybody serves them.
   *
   * @throws FailureException BROKER_UNAVAILABLE
   */
  public Set<String> lanes() {
    Set<String> lanes = new TreeSet<>();
    for (String topic : await(admin.listTopics().names(), "list topics")) {
      Topics.laneOf(topic).ifPresent(lanes::add);
    }
    return lanes;
  }

  private void awaitVisible(Collection<String> topics) {
    long until = System.nanoTime() + config.timeout().toNanos();
    for (String topic : topics) {
      while (!isServed(topic)) {
        if (System.nanoTime() - until > 0) {
          throw new FailureException(
              ErrorCode.BROKER_UNAVAILABLE, topic + ": created but not served by the brokers");
        }
        LockSupport.parkNanos(VISIBLE_STEP_NANOS);
      }
    }
  }

  /**
   * Whether all its partitions have leaders that answer. A leader that is not ready yet refuses
   * batches; if it takes one of those in flight all the same, the producer's numbers are out of
   * order for good (seen once, on a busy machine).
   */
  private boolean isServed(String topic) {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    partitions(List.of(topic))
        .getOrDefault(topic, List.of())
        .forEach(partition -> ends.put(partition, OffsetSpec.latest()));
    return !ends.isEmpty() && offsets(ends).size() == ends.size();
  }

  @Override
  public Map<String, Long> lag(Collection<String> lanes) {
    Map<String, List<TopicPartition>> byTopic =
        partitions(lanes.stream().map(Topics::work).toList());
    Map<String, List<TopicPartition>> partitions = new HashMap<>();
    Map<String, List<TopicPartition>> byGroup = new HashMap<>();
    for (String lane : lanes) {
      List<TopicPartition> ofLane = byTopic.get(Topics.work(lane));
      if (ofLane != null) {
        partitions.put(lane, ofLane);
        byGroup.put(Topics.workGroup(lane), ofLane);
      }
    }
    return lag(partitions, committed(byGroup));
  }

  /**
   * Records of the tier topics that the routers have not committed: those that no router has taken,
   * and those that routers keep.
   *
   * @throws FailureException BROKER_UNAVAILABLE
   */
  public long routerLag() {
    List<String> topics = Arrays.stream(Tier.values()).map(Topics::requests).toList();
    Map<String, List<TopicPartition>> partitions = partitions(topics);
    List<TopicPartition> all = partitions.values().stream().flatMap(List::stream).toList();
    Map<TopicPartition, Long> committed = committed(Map.of(Topics.ROUTER_GROUP, all));
    return lag(partitions, committed).values().stream().mapToLong(Long::longValue).sum();
  }

  private Map<String, Long> lag(
      Map<String, List<TopicPartition>> partitions, Map<TopicPartition, Long> committed) {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    Map<TopicPartition, OffsetSpec> begins = new HashMap<>();
    for (List<TopicPartition> ofLane : partitions.values()) {
      for (TopicPartition partition : ofLane) {
        ends.put(partition, OffsetSpec.latest());
        begins.put(partition, OffsetSpec.earliest());
      }
    }
    Map<TopicPartition, Long> end = offsets(ends);
    Map<TopicPartition, Long> begin = offsets(begins);
    Map<String, Long> lags = new TreeMap<>();
    partitions.forEach(
        (name, own) -> {
          long lag = 0;
          for (TopicPartition p : own) {
            // What retention took away since the last commit is nobody's work any more.
            long from = Math.max(committed.getOrDefault(p, 0L), begin.getOrDefault(p, 0L));
            lag += Math.max(0, end.getOrDefault(p, from) - from);
          }
          lags.put(name, lag);
        });
    return lags;
  }

  /** The partitions of each topic; topics that do not exist are left out. */
  private Map<String, List<TopicPartition>> partitions(Collection<String> topics) {
    Map<String, KafkaFuture<TopicDescription>> described =
        admin.describeTopics(topics).topicNameValues();
    Map<String, List<TopicPartition>> partitions = new HashMap<>();
    for (String topic : topics) {
      KafkaFuture<TopicDescription> future = described.get(topic);
      if (future == null) {
        continue;
      }
      await(future, "describe " + topic, Set.of(UnknownTopicOrPartitionException.class))
          .ifPresent(
              d ->
                  partitions.put(
                      topic,
                      d.partitions().stream()
                          .map(p -> new TopicPartition(topic, p.partition()))
                          .toList()));
    }
    return partitions;
  }

  /** Committed offsets, and behind them as many records as are done. */
  private Map<TopicPartition, Long> committed(Map<String, List<TopicPartition>> byGroup) {
    Map<String, ListConsumerGroupOffsetsSpec> specs = new HashMap<>();
    byGroup.forEach(
        (group, own) -> specs.put(group, new ListConsumerGroupOffsetsSpec().topicPartitions(own)));
    Map<TopicPartition, Long> committed = new HashMap<>();
    if (specs.isEmpty()) {
      return committed;
    }
    var result = admin.listConsumerGroupOffsets(specs);
    for (String group : specs.keySet()) {
      await(
              result.partitionsToOffsetAndMetadata(group),
              "offsets of group " + group,
              Set.of(GroupIdNotFoundException.class))
          .ifPresent(offsets -> offsets.forEach((p, o) -> putIfSet(committed, p, o)));
    }
    return committed;
  }

  private static void putIfSet(
      Map<TopicPartition, Long> committed,
      TopicPartition partition,
      @org.jspecify.annotations.Nullable OffsetAndMetadata offset) {
    if (offset != null && offset.offset() >= 0) {
      committed.put(partition, offset.offset() + DoneAhead.read(offset.metadata()));
    }
  }

  private Map<TopicPartition, Long> offsets(Map<TopicPartition, OffsetSpec> specs) {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    if (specs.isEmpty()) {
      return offsets;
    }
    // As the consumers see it: what a transaction has not committed yet is no work yet.
    ListOffsetsResult result =
        admin.listOffsets(specs, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED));
    for (TopicPartition partition : specs.keySet()) {
      await(
              result.partitionResult(partition),
              "offset of " + partition,
              Set.of(UnknownTopicOrPartitionException.class))
          .ifPresent(info -> offsets.put(partition, info.offset()));
    }
    return offsets;
  }

  private <T> T await(KafkaFuture<T> future, String what) {
    return await(future, what, Set.of())
        .orElseThrow(() -> new FailureException(ErrorCode.INTERNAL_ERROR, what + ": no answer"));
  }

  /** The answer, or empty for one of the expected errors or an answer that is null. */
  private <T> Optional<T> await(
      KafkaFuture<T> future, String what, Set<Class<? extends Exception>> expected) {
    try {
      // Kafka's own timeout comes first; this one is for a broker that answers half.
      long limit = config.timeout().plus(Duration.ofSeconds(1)).toMillis();
      return Optional.ofNullable(future.get(limit, TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (expected.contains(cause.getClass())) {
        return Optional.empty();
      }
      throw KafkaErrors.ofCall(cause, what);
    } catch (TimeoutException e) {
      throw new FailureException(ErrorCode.BROKER_UNAVAILABLE, what + ": no answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailureException(ErrorCode.INTERNAL_ERROR, what + ": interrupted", e);
    }
  }

  @Override
  public void close() {
    admin.close(config.timeout());
  }
}
