package dev.headrace.transport.redis;

import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.config.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import redis.clients.jedis.RedisClient;

/** Stores over a real Redis: the embedded one, and one in a container where there is an engine. */
abstract class RedisServerSuite extends ServerSuite {
  RedisStores stores;
  RedisClient raw;

  @BeforeEach
  void connect() {
    stores = RedisStores.connect(config());
    raw = RedisClient.create(URI.create(servers().redisUri()));
  }

  @AfterEach
  void disconnect() {
    if (stores != null) {
      stores.close();
      raw.close();
    }
  }

  private static RedisConfig config() {
    Settings settings =
        Settings.of(
            Map.of(
                "redis.uri", servers().redisUri(),
                "redis.heartbeat-ttl", "1s",
                "redis.max-followers", "100",
                "redis.cache-max-entry-bytes", "10KiB"));
    RedisConfig config = RedisConfig.read(settings);
    settings.requireValid(List.of());
    return config;
  }

  static void wait(Duration time) {
    await().pollDelay(time).until(() -> true);
  }

  final List<String> announced(String client) {
    try (ReplyReader reader = stores.replyReader(client, "0")) {
      return reader.read(Duration.ofMillis(20));
    }
  }
}
