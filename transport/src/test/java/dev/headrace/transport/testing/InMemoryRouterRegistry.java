package dev.headrace.transport.testing;

import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReportCodec;
import dev.headrace.transport.redis.RouterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** Routers' heartbeats in a map, with their time to live by an injected clock. */
public final class InMemoryRouterRegistry implements RouterRegistry {
  private record Entry(Map<String, String> hash, long untilNanos) {}

  private final LongSupplier nanos;
  private final Duration timeToLive;
  private final Outage outage;
  private final Map<String, Entry> entries = new TreeMap<>();

  public InMemoryRouterRegistry(LongSupplier nanos, Duration timeToLive, Outage outage) {
    this.nanos = nanos;
    this.timeToLive = timeToLive;
    this.outage = outage;
  }

  @Override
  public synchronized void publish(RouterReport report) {
    outage.run(
        () -> {
          long until = nanos.getAsLong() + timeToLive.toNanos();
          entries.put(report.routerId(), new Entry(RouterReportCodec.encode(report), until));
        });
  }

  @Override
  public synchronized void remove(String routerId) {
    outage.run(
        () -> {
          entries.remove(routerId);
        });
  }

  @Override
  public synchronized List<RouterReport> list() {
    return outage.run(
        () ->
            entries.values().stream()
                .filter(e -> nanos.getAsLong() - e.untilNanos() < 0)
                .flatMap(e -> RouterReportCodec.decode(e.hash()).stream())
                .toList());
  }
}
