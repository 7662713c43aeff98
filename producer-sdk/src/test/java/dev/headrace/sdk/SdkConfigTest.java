package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.ConfigException;
import dev.headrace.protocol.config.Settings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SdkConfigTest {
  @Test
  void defaults() {
    assertThat(SdkConfig.read(Settings.defaults()))
        .isEqualTo(
            new SdkConfig(
                "",
                "default",
                Tier.STANDARD,
                10_000,
                64L << 20,
                200_000,
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                512L << 10,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(3),
                1000,
                16 << 20,
                Duration.ofSeconds(60),
                Duration.ofSeconds(10)));
  }

  @Test
  void all_that_is_wrong_is_said_at_once() {
    HeadraceClient.Builder builder =
        HeadraceClient.builder()
            .clientId("not a name")
            .redisUri("http://example")
            .bootstrapServers("nowhere")
            .set("sdk.max-pending", "0")
            .set("sdk.max-pendin", "1");

    assertThatThrownBy(builder::build)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "sdk.client-id: not a name (expected: 1..64 of A-Z a-z 0-9 . _ -; from program)")
        .hasMessageContaining("redis.uri: http://example (expected: a URI with scheme redis")
        .hasMessageContaining("kafka.bootstrap-servers: nowhere (expected: host:port")
        .hasMessageContaining("sdk.max-pending: 0 (expected: 1..")
        .hasMessageContaining("sdk.max-pendin: unknown setting (expected: perhaps sdk.max-pending");
  }

  @Test
  void settings_of_a_program_may_hold_those_of_other_components() {
    Settings program = Settings.of(Map.of("router.port", "1", "redis.uri", "http://example"));

    assertThatThrownBy(() -> HeadraceClient.builder().settings(program).build())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("redis.uri: http://example")
        .message()
        .doesNotContain("router.port");
  }
}
