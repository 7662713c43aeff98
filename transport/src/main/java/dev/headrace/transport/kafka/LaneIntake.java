package dev.headrace.transport.kafka;

import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.Locale;

/**
 * How workers take the work of their lane.
 *
 * @param kind as which kind of group
 * @param lock of a share group: how long a record is lent before others may have it
 * @param polls of a share group: how many polls' records a worker may have at a time; each needs a
 *     Kafka client of its own
 */
public record LaneIntake(Kind kind, Duration lock, int polls) {
  /** The kind of group. */
  public enum Kind {
    /** A consumer group: each partition has one worker. */
    GROUP,
    /** A share group: each record has one worker; brokers from 4.2. */
    SHARE;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static LaneIntake read(Settings s) {
    return new LaneIntake(
        s.choice(
            "worker.intake",
            Kind.GROUP,
            Kind::wireName,
            "How the lane's workers take its work: by partition, as a consumer group, or by record, as"
                + " a share group, which needs brokers from 4.2. All of a lane take it the same way."),
        s.duration(
            "worker.share.lock",
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofHours(1),
            "How long a share group lends a record before others may have it; brokers allow 15 s to"
                + " 60 s unless configured. Kept longer as long as it is worked on."),
        s.integer(
            "worker.share.polls",
            2,
            1,
            16,
            "Polls of a share group whose records a worker may have at a time, each through a Kafka"
                + " client of its own: with two, the next batch comes while one runs."));
  }

  /** Whether records are shared instead of partitions. */
  public boolean shares() {
    return kind == Kind.SHARE;
  }

  /** The group of a lane's workers. */
  public String group(String lane) {
    return shares() ? Topics.shareGroup(lane) : Topics.workGroup(lane);
  }
}
