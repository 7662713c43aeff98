package dev.headrace.worker.batch;

import dev.headrace.protocol.Tier;
import java.util.concurrent.TimeUnit;

/**
 * The order in which requests get their turn: by arrival plus a patience that grows with the time
 * left and with the cheapness of the tier. So a tight deadline and a premium tier come first, and
 * nothing waits for ever: a request is overtaken only by those that arrive within its patience.
 */
public final class Urgency {
  /** Longest patience (chosen: below the shortest usual session timeouts and leases). */
  static final long MAX_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private Urgency() {}

  /**
   * The place in the order; lower is earlier. All times in nanoseconds of one clock.
   *
   * @param arrived when the worker took the request
   * @param deadline when its result is of no more use
   */
  public static long of(Tier tier, long arrived, long deadline) {
    long slack = Math.max(0, Math.min(deadline - arrived, MAX_PATIENCE_NANOS));
    return arrived + (long) (slack * share(tier));
  }

  /** Which share of the time left a tier may be kept waiting in favour of others (chosen). */
  private static double share(Tier tier) {
    return switch (tier) {
      case PREMIUM -> 0.1;
      case STANDARD -> 0.5;
      case ECONOMY -> 1.0;
    };
  }
}
