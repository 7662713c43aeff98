package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ShareMemberDescription;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Share groups as Kafka's admin client shows them. */
final class ShareGroups {
  private static final Logger LOG = LoggerFactory.getLogger(ShareGroups.class);

  private final Admin admin;
  private final AdminCalls calls;

  ShareGroups(Admin admin, AdminCalls calls) {
    this.admin = admin;
    this.calls = calls;
  }

  /**
   * What Headrace's promises rest on: nothing that was sent before the first worker came is passed
   * over, aborted transactions are not read, no record is given up after a few deliveries.
   */
  void configure(String group, Duration lock) {
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put("share.auto.offset.reset", "earliest");
    wanted.put("share.isolation.level", "read_committed");
    wanted.put("share.delivery.count.limit", Integer.toString(ShareGroupConsumer.DELIVERY_LIMIT));
    wanted.put("share.record.lock.duration.ms", Long.toString(lock.toMillis()));
    List<AlterConfigOp> ops =
        wanted.entrySet().stream()
            .map(e -> new AlterConfigOp(new ConfigEntry(e.getKey(), e.getValue()), OpType.SET))
            .toList();
    ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
    var result = admin.incrementalAlterConfigs(Map.of(resource, ops)).all();
    try {
      calls.await(result, "settings of share group " + group, Set.of());
    } catch (FailureException e) {
      Throwable cause = e.getCause();
      if (cause instanceof InvalidConfigurationException
          || cause instanceof InvalidRequestException
          || cause instanceof UnsupportedVersionException) {
        throw new FailureException(
            ErrorCode.INTERNAL_ERROR,
            "worker.intake: share (expected: brokers from 4.2 that allow the share group "
                + group
                + " the settings "
                + wanted
                + "; the broker says: "
                + cause.getMessage()
                + ")",
            e);
      }
      throw e;
    }
  }

  /** Where there can be no share group that is ours: not made, not known, not allowed. */
  private static final Set<Class<? extends Exception>> NONE =
      Set.of(
          GroupIdNotFoundException.class,
          UnsupportedVersionException.class,
          GroupAuthorizationException.class);

  /** How far the groups are, where they have begun; groups that do not exist are left out. */
  Map<TopicPartition, SharePartitionOffsetInfo> positions(
      Map<String, List<TopicPartition>> byGroup) {
    Map<TopicPartition, SharePartitionOffsetInfo> positions = new HashMap<>();
    if (byGroup.isEmpty()) {
      return positions;
    }
    Map<String, ListShareGroupOffsetsSpec> specs = new HashMap<>();
    byGroup.forEach(
        (group, own) -> specs.put(group, new ListShareGroupOffsetsSpec().topicPartitions(own)));
    var result = admin.listShareGroupOffsets(specs);
    for (String group : specs.keySet()) {
      calls
          .await(result.partitionsToOffsetInfo(group), "offsets of share group " + group, NONE)
          .ifPresent(
              own ->
                  own.forEach(
                      (partition, info) -> {
                        if (info != null && info.startOffset() >= 0) {
                          positions.put(partition, info);
                        }
                      }));
    }
    return positions;
  }

  /** Workers in a group; 0 when it does not exist or is of another kind. */
  int members(String group) {
    return calls
        .await(
            admin.describeShareGroups(List.of(group)).all(),
            "members of share group " + group,
            NONE)
        .map(all -> all.values().stream().mapToInt(d -> workers(d.members())).sum())
        .orElse(0);
  }

  private static int workers(Collection<ShareMemberDescription> members) {
    return (int) members.stream().filter(m -> !m.clientId().equals(TopicAdmin.RESCUER)).count();
  }

  /** Moves a group to these offsets, unless it has members: then it has begun. */
  void begin(String group, Map<TopicPartition, Long> offsets) {
    if (offsets.isEmpty()) {
      return;
    }
    LOG.info("share group begins where others were group={} offsets={}", group, offsets);
    calls.await(
        admin.alterShareGroupOffsets(group, offsets).all(),
        "offsets of share group " + group,
        Set.of(GroupNotEmptyException.class));
  }
}
