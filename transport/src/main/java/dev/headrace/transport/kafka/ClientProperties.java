package dev.headrace.transport.kafka;

import dev.headrace.protocol.config.ConfigException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Properties of the Kafka clients. The user's file comes first, and what Headrace's promises rest
 * on is set over it: acknowledgement by all replicas, no commit that Headrace did not ask for.
 */
final class ClientProperties {
  private ClientProperties() {}

  /**
   * A producer's.
   *
   * @param bursts records in a row for one partition, by work topic; read at each send
   */
  static Map<String, Object> producer(
      KafkaConfig config, String clientId, Map<String, Integer> bursts) {
    Map<String, Object> p = common(config, clientId);
    p.put(Bursts.WORK, bursts);
    p.put(ProducerConfig.ACKS_CONFIG, "all");
    p.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    p.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, config.compression().wireName());
    p.put(ProducerConfig.PARTITIONER_CLASS_CONFIG, Bursts.class);
    p.put(ProducerConfig.LINGER_MS_CONFIG, config.linger().toMillis());
    p.put(ProducerConfig.BATCH_SIZE_CONFIG, 128 << 10); // chosen: a hundred small records
    p.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, config.maxBlock().toMillis());
    p.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, config.maxRecordBytes());
    long buffer = Math.max(64L << 20, 2L * config.maxRecordBytes());
    p.put(ProducerConfig.BUFFER_MEMORY_CONFIG, buffer);
    // Kafka wants the delivery timeout to cover linger and one request.
    long delivery = config.deliveryTimeout().toMillis();
    long request = Math.min(config.timeout().toMillis(), delivery - config.linger().toMillis());
    p.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) delivery);
    p.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) Math.max(1, request));
    return p;
  }

  static Map<String, Object> consumer(KafkaConfig config, String clientId, String group) {
    Map<String, Object> p = common(config, clientId);
    p.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    p.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    p.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"); // an aborted request is none
    p.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    p.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    p.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, config.maxPollRecords());
    p.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, config.groupProtocol().wireName());
    if (config.groupProtocol() == GroupProtocol.CLASSIC) {
      p.put(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          CooperativeStickyAssignor.class.getName());
    }
    p.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    p.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    return p;
  }

  /** What share consumers refuse to be given; the group has settings in place of some. */
  private static final List<String> NOT_OF_SHARE_CONSUMERS =
      List.of(
          ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
          ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
          ConsumerConfig.ISOLATION_LEVEL_CONFIG,
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
          ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
          ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
          ConsumerConfig.GROUP_PROTOCOL_CONFIG,
          ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG);

  /**
   * A share consumer's. Who does not poll for as long as a record is lent leaves the group, so that
   * its partitions go to others as its records do.
   *
   * @param records most of one poll
   */
  static Map<String, Object> share(
      KafkaConfig config, String clientId, String group, Duration lock, int records) {
    Map<String, Object> p = common(config, clientId);
    NOT_OF_SHARE_CONSUMERS.forEach(p::remove);
    p.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    p.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
    // No more than is asked for, and nothing ahead: what waits in the client is lent already.
    p.put(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit");
    p.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Math.min(records, config.maxPollRecords()));
    p.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, (int) lock.toMillis());
    p.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    p.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    p.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    return p;
  }

  /** A consumer of assigned partitions, in no group. */
  static Map<String, Object> tail(KafkaConfig config, String clientId, Duration timeout) {
    Map<String, Object> p = common(config, clientId);
    int millis = (int) Math.min(timeout.toMillis(), config.timeout().toMillis());
    p.remove(ConsumerConfig.GROUP_ID_CONFIG);
    p.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    p.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // what was deleted is passed over
    p.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    p.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, config.maxPollRecords());
    p.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
    p.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
    return p;
  }

  static Map<String, Object> admin(KafkaConfig config) {
    Map<String, Object> p = common(config, "headrace-admin");
    p.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    p.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    return p;
  }

  private static Map<String, Object> common(KafkaConfig config, String clientId) {
    Map<String, Object> p = new HashMap<>(fromFile(config));
    p.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrapServers());
    p.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientId);
    p.putIfAbsent(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1000);
    // No JMX beans, whose names collide when one JVM runs two clients of a name; no telemetry.
    p.putIfAbsent(CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG, List.of());
    p.putIfAbsent(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
    return p;
  }

  private static Map<String, String> fromFile(KafkaConfig config) {
    if (config.propertiesFile() == null) {
      return Map.of();
    }
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(config.propertiesFile(), StandardCharsets.UTF_8)) {
      properties.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException(
          List.of(
              "kafka.properties-file: "
                  + config.propertiesFile()
                  + " (expected: a properties file; "
                  + e.getMessage()
                  + ")"));
    }
    Map<String, String> all = new HashMap<>();
    properties.stringPropertyNames().forEach(name -> all.put(name, properties.getProperty(name)));
    return all;
  }
}
