package dev.headrace.transport.kafka;

import dev.headrace.protocol.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How Kafka is reached and used.
 *
 * @param bootstrapServers {@code host:port}, at least one
 * @param propertiesFile more properties for all clients, in Kafka's own format: security and
 *     whatever else is not decided here; null for none
 * @param timeout of a request to the broker
 * @param maxBlock how long a send may wait for metadata or for room in the buffer
 * @param deliveryTimeout after which a send that was not answered failed
 * @param linger how long a batch waits for more records
 * @param compression of batches
 * @param maxRecordBytes largest record that is sent; the broker and the topic have limits too
 * @param maxPollRecords most records of one poll
 * @param groupProtocol how groups share partitions
 * @param topicPartitions of topics that are created
 * @param topicReplicationFactor of topics that are created; -1 is the broker's default
 */
public record KafkaConfig(
    List<String> bootstrapServers,
    @Nullable Path propertiesFile,
    Duration timeout,
    Duration maxBlock,
    Duration deliveryTimeout,
    Duration linger,
    Compression compression,
    int maxRecordBytes,
    int maxPollRecords,
    GroupProtocol groupProtocol,
    int topicPartitions,
    int topicReplicationFactor) {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  public KafkaConfig {
    bootstrapServers = List.copyOf(bootstrapServers);
  }

  public static KafkaConfig read(Settings s) {
    return new KafkaConfig(
        servers(s),
        propertiesFile(s),
        s.duration(
            "kafka.timeout", Duration.ofSeconds(10), SECOND, MINUTE, "Wait for a broker's answer."),
        s.duration(
            "kafka.max-block",
            Duration.ofSeconds(2),
            Duration.ofMillis(1),
            MINUTE,
            "Longest that a send waits for metadata or for room in the buffer."),
        s.duration(
            "kafka.delivery-timeout",
            Duration.ofSeconds(30),
            SECOND,
            Duration.ofMinutes(10),
            "After which a send that was not answered failed."),
        s.duration(
            "kafka.linger",
            Duration.ofMillis(2),
            Duration.ZERO,
            SECOND,
            "How long a batch of records waits for more."),
        s.choice(
            "kafka.compression", Compression.LZ4, Compression::wireName, "How batches are packed."),
        s.integer(
            "kafka.max-record-bytes",
            16 << 20,
            1 << 10,
            1 << 30,
            "Largest record sent; brokers and topics have limits too (1 MiB unless configured)."),
        s.integer("kafka.max-poll-records", 500, 1, 100_000, "Most records of one poll."),
        s.choice(
            "kafka.group-protocol",
            GroupProtocol.CONSUMER,
            GroupProtocol::wireName,
            "How consumers share partitions: consumer needs brokers from 4.0."),
        s.integer(
            "kafka.topics.partitions", 6, 1, 10_000, "Partitions of the topics that are created."),
        s.integer(
            "kafka.topics.replication-factor",
            -1,
            -1,
            100,
            "Replicas of the topics that are created; -1 is the broker's default."));
  }

  private static List<String> servers(Settings s) {
    String key = "kafka.bootstrap-servers";
    List<String> servers =
        s.list(key, List.of("127.0.0.1:9092"), "Brokers to begin with, as host:port.");
    for (String server : servers) {
      if (!server.matches("(\\[[0-9A-Fa-f:]+]|[^:\\s]+):\\d{1,5}")) {
        s.problem(key, server, "host:port", "settings");
      }
    }
    if (servers.isEmpty()) {
      s.problem(key, "none", "at least one host:port", "settings");
    }
    return servers;
  }

  private static @Nullable Path propertiesFile(Settings s) {
    String key = "kafka.properties-file";
    String file =
        s.text(
            key,
            "",
            "a file",
            "More properties for all Kafka clients, in Kafka's format, for security above all.");
    if (file.isEmpty()) {
      return null;
    }
    Path path = Path.of(file);
    if (!Files.isReadable(path)) {
      s.problem(key, file, "a file that can be read", "settings");
    }
    return path;
  }
}
