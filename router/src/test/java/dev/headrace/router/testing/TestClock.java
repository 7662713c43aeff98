package dev.headrace.router.testing;

import dev.headrace.policy.testing.RequestBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** Time that moves when the test says so; durations and wall time together. */
public final class TestClock implements InstantSource, LongSupplier {
  private long nanos;

  @Override
  public Instant instant() {
    return RequestBuilder.START.plusNanos(nanos);
  }

  @Override
  public long getAsLong() {
    return nanos;
  }

  public void advance(Duration span) {
    nanos += span.toNanos();
  }
}
