package dev.headrace.router.loop;

import dev.headrace.protocol.naming.Topics;
import dev.headrace.router.loop.Source.Load;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The room that one tier's retries have to wait in the router. It is the tier's own, so no tier's
 * retries take what another's may; and what finds no room goes back to a retry topic, so that the
 * partitions are read on and what lies behind it is reached.
 *
 * <p>How soon it asks again: few of them soon, because devices must not idle while they are away;
 * many of them as late as their deadlines allow, because each time costs Kafka a record.
 */
final class RetryRoom {
  private static final List<Duration> DELAYS = Topics.RETRY_DELAYS;

  /** Who has that much time left may be away for the longest delay, and wait afterwards. */
  private static final Duration PATIENT = DELAYS.get(DELAYS.size() - 1).multipliedBy(2);

  /** Part of the room that patient ones may take; the rest is kept for urgent ones (chosen). */
  private static final double FOR_PATIENT = 0.5;

  /** Part of the room that each topic may bring back in a second (chosen). */
  private static final double BACK_PER_SECOND = 0.2;

  private final int maxRequests;
  private final long maxBytes;
  private final Load load = new Load();
  private final Span[] spans;

  /** What was sent to one topic in the current span of its delay. */
  private static final class Span {
    private long beganNanos;
    private long sent;
  }

  RetryRoom(int maxRequests, long maxBytes, long nowNanos) {
    this.maxRequests = maxRequests;
    this.maxBytes = maxBytes;
    this.spans = new Span[DELAYS.size()];
    for (int i = 0; i < spans.length; i++) {
      spans[i] = new Span();
      spans[i].beganNanos = nowNanos;
    }
  }

  /** What is in it. */
  Load load() {
    return load;
  }

  /**
   * Whether one more may come in.
   *
   * @param left its time
   */
  boolean has(Duration left) {
    double part = patient(left) ? FOR_PATIENT : 1;
    return load.requests() < part * maxRequests && load.bytes() < part * maxBytes;
  }

  /** Whether one that has so much time left may be away for the longest delay. */
  static boolean patient(Duration left) {
    return left.compareTo(PATIENT) >= 0;
  }

  /** The longest delay that leaves a request half of its time, or null when there is none. */
  static @Nullable Duration longestDelay(Duration left) {
    Duration longest = null;
    for (Duration delay : DELAYS) {
      if (delay.toMillis() <= left.toMillis() / 2) {
        longest = delay;
      }
    }
    return longest;
  }

  /**
   * Where one that found no room goes: to the shortest delay whose topic did not get its part yet,
   * at last to the longest that leaves it half of its time; null when there is none.
   */
  @Nullable Duration back(Duration left, long nowNanos) {
    Duration longest = longestDelay(left);
    if (longest == null) {
      return null;
    }
    for (int i = 0; i < spans.length; i++) {
      Duration delay = DELAYS.get(i);
      Span span = spans[i];
      if (nowNanos - span.beganNanos >= delay.toNanos()) {
        span.beganNanos = nowNanos;
        span.sent = 0;
      }
      double most = BACK_PER_SECOND * maxRequests * delay.toMillis() / 1000;
      if (span.sent < most || delay.equals(longest)) {
        span.sent++;
        return delay;
      }
    }
    return longest;
  }
}
