package dev.headrace.router.loop;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A topic that the router reads.
 *
 * @param tier of requests that name none
 * @param budget which of the bounds on what is in flight it counts against: one for each tier's
 *     topic and one for all retry topics
 * @param delay of a retry topic, else null
 */
record Source(Tier tier, int budget, @Nullable Duration delay) {
  static final int BUDGETS = Tier.values().length + 1;

  /** All sources by topic. */
  static Map<String, Source> all() {
    Map<String, Source> all = new HashMap<>();
    for (Tier tier : Tier.values()) {
      all.put(Topics.requests(tier), new Source(tier, tier.ordinal(), null));
    }
    for (Duration delay : Topics.RETRY_DELAYS) {
      all.put(Topics.retry(delay), new Source(Tier.STANDARD, BUDGETS - 1, delay));
    }
    return all;
  }

  boolean isRetry() {
    return delay != null;
  }
}
