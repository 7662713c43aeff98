package dev.headrace.worker.loop;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A reading that takes the device some time, asked for in every turn and taken now and then. */
final class RecentReading implements LongSupplier {
  /** Chosen: a model takes longer to come or go. */
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final LongSupplier source;
  private final LongSupplier nanos;
  private long takenAt;
  private boolean taken;
  private long value;

  RecentReading(LongSupplier source, LongSupplier nanos) {
    this.source = source;
    this.nanos = nanos;
  }

  /** The next asking takes a new one. */
  void forget() {
    taken = false;
  }

  @Override
  public long getAsLong() {
    long now = nanos.getAsLong();
    if (!taken || now - takenAt >= FRESH_NANOS) {
      value = source.getAsLong();
      takenAt = now;
      taken = true;
    }
    return value;
  }
}
