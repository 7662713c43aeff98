package dev.headrace.transport.testing;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** Heartbeats in a map, with their time to live by an injected clock. */
public final class InMemoryDeviceRegistry implements DeviceRegistry {
  private record Entry(Map<String, String> hash, long untilNanos) {}

  private final LongSupplier nanos;
  private final Duration timeToLive;
  private final Outage outage;
  private final Map<String, Entry> entries = new TreeMap<>();

  public InMemoryDeviceRegistry(LongSupplier nanos, Duration timeToLive) {
    this(nanos, timeToLive, new Outage());
  }

  public InMemoryDeviceRegistry(LongSupplier nanos, Duration timeToLive, Outage outage) {
    this.nanos = nanos;
    this.timeToLive = timeToLive;
    this.outage = outage;
  }

  /** The switch that takes this registry down. */
  public Outage outage() {
    return outage;
  }

  @Override
  public synchronized void publish(DeviceReport report) {
    outage.run(
        () -> {
          long until = nanos.getAsLong() + timeToLive.toNanos();
          entries.put(report.workerId(), new Entry(DeviceReportCodec.encode(report), until));
        });
  }

  @Override
  public synchronized void remove(String workerId) {
    outage.run(
        () -> {
          entries.remove(workerId);
        });
  }

  @Override
  public synchronized List<DeviceReport> list() {
    return outage.run(
        () -> living().flatMap(e -> DeviceReportCodec.decode(e.hash()).stream()).toList());
  }

  private Stream<Entry> living() {
    return entries.values().stream().filter(e -> nanos.getAsLong() - e.untilNanos() < 0);
  }

  /** Whether the worker's heartbeat is not older than its time to live. */
  public synchronized boolean lives(String workerId) {
    Entry entry = entries.get(workerId);
    return entry != null && nanos.getAsLong() - entry.untilNanos() < 0;
  }
}
