package dev.headrace.worker.failure;

import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.time.Instant;

/** Whether and when a request is tried again. */
public final class RetryPolicy {
  private final int maxAttempts;
  private final String deviceType;

  public RetryPolicy(RetryConfig config, String deviceType) {
    this.maxAttempts = config.maxAttempts();
    this.deviceType = deviceType;
  }

  /** What becomes of a request that failed here and might be tried again. */
  public sealed interface Plan {
    /** It waits, then the router decides anew. */
    record Retry(Duration delay, Attempts attempts) implements Plan {}

    /** Its deadline is over before it could be tried again. */
    record Expire() implements Plan {}

    /** It was tried often enough. */
    record GiveUp(Failure failure) implements Plan {}
  }

  /** Tried again after a pause that grows with the attempts. */
  public Plan later(InferenceRequest request, Failure failure, Instant now) {
    int number = request.attempts().number();
    if (number >= maxAttempts) {
      return new Plan.GiveUp(
          new Failure(ErrorCode.ATTEMPTS_EXHAUSTED, number + " attempts, the last: " + failure));
    }
    int longest = Math.min(number, Topics.RETRY_DELAYS.size()) - 1;
    return within(request, longest, request.attempts().next(deviceType, false), now);
  }

  /** Tried again soon, on another device type. */
  public Plan elsewhere(InferenceRequest request, Failure failure, Instant now) {
    if (request.attempts().number() >= maxAttempts) {
      return new Plan.GiveUp(failure);
    }
    return within(request, 0, request.attempts().next(deviceType, true), now);
  }

  /** The longest pause up to this one that ends before the deadline. */
  private static Plan within(
      InferenceRequest request, int longest, Attempts attempts, Instant now) {
    for (int i = longest; i >= 0; i--) {
      Duration delay = Topics.RETRY_DELAYS.get(i);
      if (!request.expiredAt(now.plus(delay))) {
        return new Plan.Retry(delay, attempts);
      }
    }
    return new Plan.Expire();
  }
}
