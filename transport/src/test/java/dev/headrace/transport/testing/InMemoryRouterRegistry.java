package dev.headrace.transport.testing;

import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReportCodec;
import dev.headrace.transport.redis.RouterRegistry;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Routers' heartbeats in a map. */
public final class InMemoryRouterRegistry extends InMemoryHeartbeats<RouterReport>
    implements RouterRegistry {
  public InMemoryRouterRegistry(LongSupplier nanos, Duration timeToLive, Outage outage) {
    super(
        nanos,
        timeToLive,
        outage,
        RouterReport::routerId,
        RouterReportCodec::encode,
        RouterReportCodec::decode);
  }
}
