package dev.headrace.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.config.ConfigException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.Compression;
import dev.headrace.transport.kafka.GroupProtocol;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.redis.RedisConfig;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every default, written out; and what is said about wrong values. */
class TransportSettingsTest {
  @Test
  void kafka_defaults() {
    assertThat(KafkaConfig.read(Settings.defaults()))
        .isEqualTo(
            new KafkaConfig(
                List.of("127.0.0.1:9092"),
                null,
                Duration.ofSeconds(10),
                Duration.ofSeconds(2),
                Duration.ofSeconds(30),
                Duration.ofMillis(2),
                Compression.LZ4,
                16 << 20,
                500,
                GroupProtocol.CONSUMER,
                6,
                -1));
  }

  @Test
  void redis_defaults() {
    assertThat(RedisConfig.read(Settings.defaults()))
        .isEqualTo(
            new RedisConfig(
                URI.create("redis://127.0.0.1:6379"),
                false,
                Duration.ofSeconds(2),
                32,
                Duration.ofDays(1),
                Duration.ofDays(1),
                256 << 10,
                Duration.ofMinutes(10),
                1024,
                Duration.ofDays(1),
                100_000,
                Duration.ofSeconds(10),
                Duration.ofMinutes(10),
                10_000));
  }

  @Test
  void delivery_defaults() {
    assertThat(DeliveryConfig.read(Settings.defaults()))
        .isEqualTo(
            new DeliveryConfig(true, 512 << 10, Duration.ofMillis(10), Duration.ofMillis(200)));
  }

  @Test
  void defaults_are_valid_and_described() {
    Settings s = Settings.defaults();
    KafkaConfig.read(s);
    RedisConfig.read(s);
    DeliveryConfig.read(s);
    s.requireValid(List.of());

    assertThat(s.described())
        .hasSize(12 + 14 + 4)
        .allSatisfy(d -> assertThat(d.description()).endsWith("."));
  }

  @Test
  void password_is_not_in_the_text_of_the_configuration() {
    Settings s = Settings.of(Map.of("redis.uri", "rediss://user:hunter2@host:1/2"));

    assertThat(RedisConfig.read(s)).hasToString("RedisConfig[rediss://host:1/2]");
  }

  @Test
  void wrong_values_are_all_named_and_passwords_are_not() {
    Settings s =
        Settings.of(
            Map.of(
                "kafka.bootstrap-servers", "kafka:9092,nowhere",
                "kafka.properties-file", "/does/not/exist",
                "kafka.group-protocol", "share",
                "redis.uri", "http://:hunter2@host",
                "redis.timeout", "0s"));
    KafkaConfig.read(s);
    RedisConfig.read(s);

    assertThatThrownBy(() -> s.requireValid(List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("kafka.bootstrap-servers: nowhere (expected: host:port")
        .hasMessageContaining("kafka.properties-file: /does/not/exist (expected: a file that can")
        .hasMessageContaining("kafka.group-protocol: share (expected: one of consumer, classic")
        .hasMessageContaining("redis.uri: http://:***@host (expected: a URI with scheme redis or")
        .hasMessageContaining("redis.timeout: 0s (expected: 10ms..1m")
        .hasMessageNotContaining("hunter2");
  }
}
