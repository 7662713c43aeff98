package dev.headrace.embedded.testing;

import dev.headrace.embedded.EmbeddedKafka;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/** Kafka and Redis in containers, of the images that {@code docker/compose.yaml} names. */
final class ContainerServers implements TestServers {
  static final String KAFKA_IMAGE = "apache/kafka:4.4.0";
  static final String REDIS_IMAGE = "redis:7.2-alpine";

  private static final int REDIS_PORT = 6379;

  /** What tests rely on; the embedded broker's sizes and thread counts stay its own. */
  private static final List<String> SHARED_SETTINGS =
      List.of(
          "auto.create.",
          "default.replication.",
          "group.",
          "min.insync.",
          "offsets.topic.",
          "share.coordinator.state.topic.",
          "transaction.state.log.");

  private final KafkaContainer kafka;
  private final GenericContainer<?> redis;

  private ContainerServers(KafkaContainer kafka, GenericContainer<?> redis) {
    this.kafka = kafka;
    this.redis = redis;
  }

  static ContainerServers start(Map<String, String> kafkaSettings) {
    KafkaContainer kafka = new KafkaContainer(DockerImageName.parse(KAFKA_IMAGE));
    kafka.withEnv(environment(kafkaSettings));
    GenericContainer<?> redis = new GenericContainer<>(DockerImageName.parse(REDIS_IMAGE));
    redis.withExposedPorts(REDIS_PORT);
    ContainerServers servers = new ContainerServers(kafka, redis);
    try {
      Startables.deepStart(kafka, redis).join();
      return servers;
    } catch (RuntimeException e) {
      servers.close();
      throw e;
    }
  }

  /** The image takes {@code group.max.size} as {@code KAFKA_GROUP_MAX_SIZE}. */
  private static Map<String, String> environment(Map<String, String> kafkaSettings) {
    Map<String, String> settings = new HashMap<>(EmbeddedKafka.defaultSettings());
    settings.keySet().removeIf(name -> !isShared(name));
    settings.putAll(kafkaSettings);
    Map<String, String> environment = new HashMap<>();
    settings.forEach(
        (name, value) ->
            environment.put("KAFKA_" + name.toUpperCase(Locale.ROOT).replace('.', '_'), value));
    return environment;
  }

  private static boolean isShared(String name) {
    return SHARED_SETTINGS.stream().anyMatch(name::startsWith);
  }

  @Override
  public String kafkaBootstrap() {
    return kafka.getBootstrapServers();
  }

  @Override
  public String redisUri() {
    return "redis://" + redis.getHost() + ":" + redis.getMappedPort(REDIS_PORT);
  }

  @Override
  public void close() {
    redis.stop();
    kafka.stop();
  }
}
