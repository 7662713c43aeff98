package dev.headrace.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.policy.PolicyConfig;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.ConfigException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.buffer.TierShares;
import dev.headrace.router.loop.LoopConfig;
import dev.headrace.router.rescue.RescueConfig;
import dev.headrace.router.state.StateConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RouterConfigTest {
  @Test
  void defaults_are_these() {
    RouterConfig config = RouterConfig.read(Settings.defaults());
    assertThat(config.loop())
        .isEqualTo(
            new LoopConfig(
                "router",
                10_000,
                64 << 20,
                2000,
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Duration.ofSeconds(30)));
    assertThat(config.shares())
        .isEqualTo(
            new TierShares(Map.of(Tier.ECONOMY, 1.0, Tier.STANDARD, 3.0, Tier.PREMIUM, 6.0)));
    assertThat(config.state())
        .isEqualTo(
            new StateConfig(
                Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(10), List.of()));
    assertThat(config.policy())
        .isEqualTo(new PolicyConfig(PolicyConfig.Name.CHEAPEST_IN_TIME, Duration.ofMillis(50)));
    assertThat(config.rescue())
        .isEqualTo(new RescueConfig(Duration.ofSeconds(15), Duration.ofSeconds(2)));
  }

  @Test
  void every_setting_is_described_and_defaults_are_valid() {
    Settings settings = Settings.defaults();
    RouterConfig.read(settings);
    settings.requireValid(List.of());
    assertThat(settings.described())
        .extracting(s -> s.key())
        .contains("kafka.bootstrap-servers", "redis.uri", "outcomes.publish", "router.name")
        .contains("router.lane.window", "router.tier.premium.share", "router.margin");
    assertThat(settings.described()).allSatisfy(s -> assertThat(s.description()).endsWith("."));
  }

  @Test
  void all_that_is_wrong_is_said_at_once() {
    Settings settings =
        Settings.of(Map.of("router.lane.window", "never", "router.tier.economy.share", "0"));
    RouterConfig.read(settings);
    assertThatThrownBy(() -> settings.requireValid(List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("router.tier.economy.share: 0 (expected: 0.001..1000.0")
        .hasMessageContaining("router.lane.window: never (expected: 10ms..1h");
  }
}
