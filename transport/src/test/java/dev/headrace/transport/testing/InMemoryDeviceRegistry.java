package dev.headrace.transport.testing;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Workers' heartbeats in a map. */
public final class InMemoryDeviceRegistry extends InMemoryHeartbeats<DeviceReport>
    implements DeviceRegistry {
  public InMemoryDeviceRegistry(LongSupplier nanos, Duration timeToLive) {
    this(nanos, timeToLive, new Outage());
  }

  public InMemoryDeviceRegistry(LongSupplier nanos, Duration timeToLive, Outage outage) {
    super(
        nanos,
        timeToLive,
        outage,
        DeviceReport::workerId,
        DeviceReportCodec::encode,
        DeviceReportCodec::decode);
  }
}
