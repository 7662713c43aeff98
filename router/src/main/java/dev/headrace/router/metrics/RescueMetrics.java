package dev.headrace.router.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** What the rescue of lanes counts; written by its thread. */
public final class RescueMetrics {
  private final MeterRegistry registry;
  private final AtomicInteger lanes = new AtomicInteger();

  public RescueMetrics(MeterRegistry registry) {
    this.registry = registry;
    Gauge.builder("headrace.router.rescued.lanes", lanes, AtomicInteger::get).register(registry);
  }

  /** Lanes without workers whose records are being moved. */
  public void lanes(int count) {
    lanes.set(count);
  }

  /** The number that {@link #lanes(int)} was told last; on any thread. */
  public int lanes() {
    return lanes.get();
  }

  /** A record of this lane was put where it is routed anew. */
  public void moved(String lane) {
    registry.counter("headrace.router.rescued.records", "lane", lane).increment();
  }
}
