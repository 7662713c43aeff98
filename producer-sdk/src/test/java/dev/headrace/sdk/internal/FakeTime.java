package dev.headrace.sdk.internal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** Both clocks; they move only when the test says so. */
final class FakeTime implements LongSupplier, InstantSource {
  static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  /** Near the end of the range, so that a comparison without subtraction shows. */
  private long nanos = Long.MAX_VALUE - Duration.ofSeconds(20).toNanos();

  private Instant now = START;

  synchronized void advance(Duration by) {
    nanos += by.toNanos();
    now = now.plus(by);
  }

  @Override
  public synchronized long getAsLong() {
    return nanos;
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }
}
