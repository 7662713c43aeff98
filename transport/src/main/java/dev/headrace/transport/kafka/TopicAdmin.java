package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.naming.Topics;
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
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Creates topics and looks at lags. Each wait is bounded by the configured timeout. Thread-safe.
 */
public final class TopicAdmin implements LaneBacklog, AutoCloseable {
  /** Client id of members of a lane's group that are no workers, and leave when workers come. */
  public static final String RESCUER = "headrace-rescue";

  private static final long VISIBLE_STEP_NANOS = 20_000_000L;

  private final Admin admin;
  private final KafkaConfig config;
  private final AdminCalls calls;
  private final ShareGroups shares;

  public TopicAdmin(KafkaConfig config) {
    this.config = config;
    this.calls = new AdminCalls(config);
    try {
      this.admin = Admin.create(ClientProperties.admin(config));
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "admin client");
    }
    this.shares = new ShareGroups(admin, calls);
  }

  /**
   * Creates those of the topics that do not exist, with the configured partitions and replicas, and
   * waits until the brokers serve them: a created topic has its leaders a moment later.
   *
   * @throws FailureException BROKER_UNAVAILABLE, or INTERNAL_ERROR when the broker refuses
   */
  public void ensure(Collection<String> topics) {
    Set<String> existing = calls.await(admin.listTopics().names(), "list topics");
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
                calls.await(created, "create topic " + topic, Set.of(TopicExistsException.class)));
    awaitVisible(missing.stream().map(NewTopic::name).toList());
  }

  /**
   * The lanes that have a work topic, whether or not anybody serves them.
   *
   * @throws FailureException BROKER_UNAVAILABLE
   */
  public Set<String> lanes() {
    Set<String> lanes = new TreeSet<>();
    for (String topic : calls.await(admin.listTopics().names(), "list topics")) {
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
    Map<String, List<TopicPartition>> byShareGroup = new HashMap<>();
    for (String lane : lanes) {
      List<TopicPartition> ofLane = byTopic.get(Topics.work(lane));
      if (ofLane != null) {
        partitions.put(lane, ofLane);
        byGroup.put(Topics.workGroup(lane), ofLane);
        byShareGroup.put(Topics.shareGroup(lane), ofLane);
      }
    }
    return lag(partitions, committed(byGroup), shares.positions(byShareGroup));
  }

  /**
   * Whether a lane's work is taken by a share group: it has begun, and is at least as far as the
   * consumer group. Whoever takes a lane over begins where the other kind of group was.
   *
   * @throws FailureException BROKER_UNAVAILABLE
   */
  public boolean shared(String lane) {
    List<TopicPartition> own =
        partitions(List.of(Topics.work(lane))).getOrDefault(Topics.work(lane), List.of());
    Map<TopicPartition, SharePartitionOffsetInfo> positions =
        shares.positions(Map.of(Topics.shareGroup(lane), own));
    Map<TopicPartition, Long> committed = committed(Map.of(Topics.workGroup(lane), own));
    return !positions.isEmpty()
        && committed.entrySet().stream()
            .allMatch(
                e -> {
                  SharePartitionOffsetInfo info = positions.get(e.getKey());
                  return info != null && info.startOffset() >= e.getValue();
                });
  }

  /**
   * Makes a lane ready for workers that take its work this way: settings of a share group, and the
   * place where the other kind of group stopped, if the lane was served by one.
   *
   * @throws FailureException BROKER_UNAVAILABLE; INTERNAL_ERROR when workers of the other kind are
   *     there, or the broker has no share groups
   */
  public void prepare(String lane, LaneIntake intake) {
    List<TopicPartition> own =
        partitions(List.of(Topics.work(lane))).getOrDefault(Topics.work(lane), List.of());
    String group = Topics.workGroup(lane);
    String shareGroup = Topics.shareGroup(lane);
    requireNone(
        lane, intake, intake.shares() ? consumerMembers(group) : shares.members(shareGroup));
    Map<TopicPartition, Long> committed = committed(Map.of(group, own));
    Map<TopicPartition, SharePartitionOffsetInfo> positions =
        shares.positions(Map.of(shareGroup, own));
    if (intake.shares()) {
      shares.configure(shareGroup, intake.lock());
      committed
          .entrySet()
          .removeIf(
              e -> {
                SharePartitionOffsetInfo info = positions.get(e.getKey());
                return info != null && info.startOffset() >= e.getValue();
              });
      shares.begin(shareGroup, committed);
    } else {
      Map<TopicPartition, OffsetAndMetadata> further = new HashMap<>();
      positions.forEach(
          (partition, info) -> {
            if (info.startOffset() > committed.getOrDefault(partition, -1L)) {
              further.put(partition, new OffsetAndMetadata(info.startOffset()));
            }
          });
      if (!further.isEmpty()) {
        calls.await(
            admin.alterConsumerGroupOffsets(group, further).all(),
            "offsets of group " + group,
            Set.of(UnknownMemberIdException.class, GroupNotEmptyException.class));
      }
    }
  }

  private static void requireNone(String lane, LaneIntake intake, int others) {
    if (others > 0) {
      String own = intake.kind().wireName();
      String other = intake.shares() ? "group" : "share";
      throw new FailureException(
          ErrorCode.INTERNAL_ERROR,
          "worker.intake: "
              + own
              + " (expected: "
              + other
              + ", as "
              + others
              + " members take the work of lane "
              + lane
              + " that way; stop them to change it)");
    }
  }

  private static int workers(ConsumerGroupDescription group) {
    return (int) group.members().stream().filter(m -> !m.clientId().equals(RESCUER)).count();
  }

  private int consumerMembers(String group) {
    return calls
        .await(
            admin.describeConsumerGroups(List.of(group)).all(),
            "members of group " + group,
            Set.of(GroupIdNotFoundException.class))
        .map(all -> all.values().stream().mapToInt(TopicAdmin::workers).sum())
        .orElse(0);
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
    return lag(partitions, committed, Map.of()).values().stream().mapToLong(Long::longValue).sum();
  }

  private Map<String, Long> lag(
      Map<String, List<TopicPartition>> partitions,
      Map<TopicPartition, Long> committed,
      Map<TopicPartition, SharePartitionOffsetInfo> shared) {
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
            long left = Math.max(0, end.getOrDefault(p, from) - from);
            lag += Math.min(left, left(shared.get(p), end.getOrDefault(p, 0L)));
          }
          lags.put(name, lag);
        });
    return lags;
  }

  /** Records that a share group has not done; what is done behind others that are not is none. */
  private static long left(@Nullable SharePartitionOffsetInfo info, long end) {
    return info == null ? Long.MAX_VALUE : Math.max(0, info.lag().orElse(end - info.startOffset()));
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
      calls
          .await(future, "describe " + topic, Set.of(UnknownTopicOrPartitionException.class))
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
      calls
          .await(
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
      @Nullable OffsetAndMetadata offset) {
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
      calls
          .await(
              result.partitionResult(partition),
              "offset of " + partition,
              Set.of(UnknownTopicOrPartitionException.class))
          .ifPresent(info -> offsets.put(partition, info.offset()));
    }
    return offsets;
  }

  @Override
  public void close() {
    admin.close(config.timeout());
  }
}
