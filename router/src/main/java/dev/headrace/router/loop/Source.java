package dev.headrace.router.loop;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.Received;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A topic that the router reads.
 *
 * @param tier of requests that name none
 * @param delay of a retry topic, else null
 * @param load what was taken from it and is not done; one for each tier's topic. One for all retry
 *     topics, without what waits in its tier's {@link RetryRoom}: the rest moves on within the time
 *     of Redis and Kafka, so no tier holds up another by it
 */
record Source(Tier tier, @Nullable Duration delay, Load load) {

  /** A count of requests. */
  static final class Load {
    private int requests;
    private long bytes;

    /** Counts a record, 1, or counts it no more, -1. */
    void add(Received received, int sign) {
      requests += sign;
      bytes += sign * size(received.record());
    }

    private static long size(WireRecord record) {
      byte[] value = record.value();
      // A record without a value still takes about a kilobyte of headers and objects (estimated).
      return 1024L + (value == null ? 0 : value.length);
    }

    int requests() {
      return requests;
    }

    long bytes() {
      return bytes;
    }
  }

  /** All sources by topic, with nothing taken. */
  static Map<String, Source> all() {
    Map<String, Source> all = new HashMap<>();
    for (Tier tier : Tier.values()) {
      all.put(Topics.requests(tier), new Source(tier, null, new Load()));
    }
    Load retries = new Load();
    for (Duration delay : Topics.RETRY_DELAYS) {
      all.put(Topics.retry(delay), new Source(Tier.STANDARD, delay, retries));
    }
    return all;
  }

  boolean isRetry() {
    return delay != null;
  }
}
