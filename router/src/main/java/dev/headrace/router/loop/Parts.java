package dev.headrace.router.loop;

import dev.headrace.policy.RoutingPolicy;
import dev.headrace.protocol.tenant.TenantConfig;
import dev.headrace.router.buffer.TierShares;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.state.RouterState;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.ResultCache;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * What the loop is made of. The consumer, the delivery and the state belong to the loop from then
 * on.
 *
 * @param rebalances the listener that the consumer was made with
 * @param nanos for durations
 * @param clock for deadlines
 */
public record Parts(
    LoopConfig config,
    TierShares shares,
    TenantConfig tenants,
    EventConsumer consumer,
    Rebalances rebalances,
    Delivery delivery,
    OutcomeStore outcomes,
    ResultCache cache,
    RouterState state,
    RoutingPolicy policy,
    RouterMetrics metrics,
    LongSupplier nanos,
    InstantSource clock) {}
