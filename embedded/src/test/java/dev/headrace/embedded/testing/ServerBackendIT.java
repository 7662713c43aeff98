package dev.headrace.embedded.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.RedisClient;

/** Also the example of how a module's integration test runs against both backends. */
@ParameterizedClass
@EnumSource(ServerBackend.class)
class ServerBackendIT {
  private static TestServers servers;

  @BeforeParameterizedClassInvocation
  static void start(ServerBackend backend) {
    // An assumption that fails here would drop the class without a word in Maven's report.
    if (backend.isAvailable()) {
      servers = backend.start();
    }
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (servers != null) {
      servers.close();
      servers = null;
    }
  }

  private final ServerBackend backend;

  ServerBackendIT(ServerBackend backend) {
    this.backend = backend;
  }

  @BeforeEach
  void skipWithoutServers() {
    backend.assumeAvailable();
  }

  @Test
  void kafka_answers() throws Exception {
    KafkaProbe kafka = new KafkaProbe(servers.kafkaBootstrap());
    kafka.createTopic("t", 1);
    kafka.produce("t", List.of("to " + backend));

    assertThat(kafka.consume("t", "g", 1)).containsExactly("to " + backend);
  }

  @Test
  void redis_answers() {
    try (RedisClient redis = RedisClient.create(URI.create(servers.redisUri()))) {
      redis.set("k", "to " + backend);

      assertThat(redis.get("k")).isEqualTo("to " + backend);
    }
  }
}
