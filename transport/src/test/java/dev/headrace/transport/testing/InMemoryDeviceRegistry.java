package dev.headrace.transport.testing;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Workers' heartbeats in a map. */
public final class InMemoryDeviceRegistry extends InMemoryHeartbeats<DeviceReport>
    implements DeviceRegistry {
  private static final String INSTANCE = "instance";

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

  @Override
  public synchronized Optional<Namesake> claim(DeviceReport report, String instance) {
    return outage()
        .run(
            () -> {
              Map<String, String> there = standing(report.workerId());
              String other = there.getOrDefault(INSTANCE, instance);
              if (!other.equals(instance)) {
                return Optional.of(new Namesake(other, there.getOrDefault("sent_at", "")));
              }
              Map<String, String> hash = new HashMap<>(DeviceReportCodec.encode(report));
              hash.put(INSTANCE, instance);
              publish(report.workerId(), hash);
              return Optional.empty();
            });
  }

  @Override
  public synchronized void release(String workerId, String instance) {
    if (instance.equals(outage().run(() -> standing(workerId)).get(INSTANCE))) {
      remove(workerId);
    }
  }
}
