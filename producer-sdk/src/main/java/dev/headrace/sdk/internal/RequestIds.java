package dev.headrace.sdk.internal;

import dev.headrace.protocol.naming.Digests;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Makes request ids. A new one is a UUID of version 7 (RFC 9562, section 5.7; its {@code rand_a} is
 * a counter, method 1 of section 6.2): ids of one client sort by the order in which they were made,
 * also when the clock is set back. One for an idempotency key is a digest. Thread-safe.
 */
public final class RequestIds {
  private static final int COUNTER_BITS = 12;
  private static final long COUNTER_MASK = (1L << COUNTER_BITS) - 1;
  private static final long VERSION_7 = 0x7000L;
  private static final long VARIANT = 0x8000_0000_0000_0000L;

  private final InstantSource clock;
  private final RandomGenerator random;

  /** Milliseconds and counter of the last id, as one number that only grows. */
  private final AtomicLong last = new AtomicLong();

  /**
   * Ids by this clock.
   *
   * @param random thread-safe
   */
  public RequestIds(InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  /** An id that no other request has. */
  public String next() {
    long now = clock.millis() << COUNTER_BITS;
    long ticks = last.updateAndGet(previous -> Math.max(previous + 1, now));
    long high = (ticks >>> COUNTER_BITS) << 16 | VERSION_7 | (ticks & COUNTER_MASK);
    long low = VARIANT | random.nextLong() >>> 2;
    return new UUID(high, low).toString();
  }

  /** The id of the requests with this key. */
  public static String ofKey(String client, String tenant, String key) {
    return Digests.sha256(
        client.getBytes(StandardCharsets.UTF_8),
        tenant.getBytes(StandardCharsets.UTF_8),
        key.getBytes(StandardCharsets.UTF_8));
  }
}
