package dev.headrace.router;

import dev.headrace.policy.PolicyConfig;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.tenant.TenantConfig;
import dev.headrace.router.buffer.TierShares;
import dev.headrace.router.loop.LoopConfig;
import dev.headrace.router.rescue.RescueConfig;
import dev.headrace.router.state.StateConfig;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.redis.RedisConfig;

/** All that a router is told. Read once, at start-up. */
public record RouterConfig(
    KafkaConfig kafka,
    RedisConfig redis,
    DeliveryConfig delivery,
    LoopConfig loop,
    TierShares shares,
    TenantConfig tenants,
    StateConfig state,
    RescueConfig rescue,
    PolicyConfig policy) {

  /** Reads every component's settings; what is wrong with them the settings collect. */
  public static RouterConfig read(Settings s) {
    return new RouterConfig(
        KafkaConfig.read(s),
        RedisConfig.read(s),
        DeliveryConfig.read(s),
        LoopConfig.read(s),
        TierShares.read(s),
        TenantConfig.read(s),
        StateConfig.read(s),
        RescueConfig.read(s),
        PolicyConfig.read(s));
  }

  /** What others need to know to foretell its decisions. */
  RouterReport.Plan plan() {
    return new RouterReport.Plan(
        policy.name().wireName(),
        policy.margin().toNanos() * 1e-9,
        state.planned(),
        shares.byTier());
  }
}
