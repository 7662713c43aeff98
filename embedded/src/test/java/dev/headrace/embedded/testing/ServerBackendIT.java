package dev.headrace.embedded.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** Also the example of an integration test that runs against both backends. */
class ServerBackendIT extends ServerSuite {
  @Test
  void kafka_answers() throws Exception {
    KafkaProbe kafka = new KafkaProbe(servers().kafkaBootstrap());
    kafka.createTopic("t", 1);
    kafka.produce("t", List.of("to " + backend()));

    assertThat(kafka.consume("t", "g", 1)).containsExactly("to " + backend());
  }

  @Test
  void redis_answers() {
    try (RedisClient redis = RedisClient.create(URI.create(servers().redisUri()))) {
      redis.set("k", "to " + backend());

      assertThat(redis.get("k")).isEqualTo("to " + backend());
    }
  }
}
