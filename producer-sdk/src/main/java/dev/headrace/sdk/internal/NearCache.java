package dev.headrace.sdk.internal;

import dev.headrace.protocol.Outcome;
import dev.headrace.sdk.CacheStats;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The results that this client met lately, by content. Of those that do not fit the one used least
 * recently goes first. A key contains the model's revision, so a result cannot outlive its model by
 * more than the client takes to see the new one. Shared by the threads that send and receive.
 */
final class NearCache {
  /** Objects and headers of an entry besides its body (estimated). */
  private static final long OVERHEAD = 1024;

  /**
   * Share of answers from a cache below which asking costs more than it saves: a look takes digest
   * and round trip, some 3 % of the whole way of a request (measured on one machine).
   */
  private static final double WORTH = 0.02;

  /** Every so many requests are asked for all the same, to see whether that has changed. */
  private static final int PROBE = 16;

  /** Answers that the share is taken over, the older the less. */
  private static final double SPAN = 64;

  private final Limits limits;
  private final LongSupplier nanos;
  private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;
  private long nearHits;
  private long farHits;
  private long misses;
  private double hitShare = 1;
  private int notAsked;

  /**
   * How much is kept.
   *
   * @param entries at most; 0 for none
   * @param bytes of bodies at most
   * @param ttl how long a result answers
   */
  record Limits(int entries, long bytes, Duration ttl) {}

  private record Entry(Outcome outcome, long bytes, long untilNanos) {}

  NearCache(Limits limits, LongSupplier nanos) {
    this.limits = limits;
    this.nanos = nanos;
  }

  /** The result, or null. */
  synchronized @Nullable Outcome find(String cacheKey) {
    Entry entry = entries.get(cacheKey);
    if (entry == null) {
      return null;
    }
    if (nanos.getAsLong() - entry.untilNanos() >= 0) {
      drop(cacheKey);
      return null;
    }
    nearHits++;
    return entry.outcome();
  }

  /** Keeps a result that is OK. One that is there keeps its time: it was not made anew. */
  synchronized void keep(String cacheKey, Outcome outcome) {
    long size = OVERHEAD + outcome.body().length;
    if (limits.entries() == 0 || size > limits.bytes() || entries.containsKey(cacheKey)) {
      return;
    }
    entries.put(cacheKey, new Entry(outcome, size, nanos.getAsLong() + limits.ttl().toNanos()));
    bytes += size;
    Iterator<Map.Entry<String, Entry>> oldest = entries.entrySet().iterator();
    while (entries.size() > limits.entries() || bytes > limits.bytes()) {
      bytes -= oldest.next().getValue().bytes();
      oldest.remove();
    }
  }

  private void drop(String cacheKey) {
    Entry gone = entries.remove(cacheKey);
    if (gone != null) {
      bytes -= gone.bytes();
    }
  }

  /** Whether to look for a request's result at all; the router looks in any case. */
  synchronized boolean worthAsking() {
    return hitShare >= WORTH || ++notAsked % PROBE == 0;
  }

  /** A request was answered. */
  synchronized void answered(boolean fromCache) {
    hitShare += ((fromCache ? 1 : 0) - hitShare) / SPAN;
  }

  /** Redis was asked for results. */
  synchronized void asked(int hits, int missed) {
    farHits += hits;
    misses += missed;
  }

  synchronized CacheStats stats() {
    return new CacheStats(nearHits, farHits, misses, entries.size(), bytes);
  }
}
