package dev.headrace.protocol;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request as it travels through the topics.
 *
 * @param address whose it is and where the outcome goes
 * @param source the CloudEvents source of the producer
 * @param time when it was submitted
 * @param model the name of the model
 * @param task what is asked of it
 * @param tier the cost tier
 * @param deadline after which the result is of no use
 * @param tenant who pays
 * @param cacheMode whether the result cache is used
 * @param size the work it is
 * @param attempts what was tried so far
 * @param assignment the router's decision, null before it
 * @param trace W3C trace context
 * @param payload the body
 * @param terms what it demands of its placement
 */
public record InferenceRequest(
    Address address,
    String source,
    Instant time,
    String model,
    Task task,
    Tier tier,
    Instant deadline,
    String tenant,
    CacheMode cacheMode,
    Size size,
    Attempts attempts,
    @Nullable Assignment assignment,
    TraceContext trace,
    Payload payload,
    Terms terms) {

  /** A request that may run late ends when it has been late for this long (chosen). */
  public static final Duration LATEST = Duration.ofHours(1);

  /**
   * Whether a request has an outcome already is not asked while it is younger than this (chosen:
   * less than a failed router's or worker's records take to come to another).
   */
  private static final Duration FRESH = Duration.ofMillis(500);

  /** The tenant of a request that names none. */
  public static final String DEFAULT_TENANT = "default";

  /** The request id. */
  public String id() {
    return address.id();
  }

  /**
   * Whether this was submitted so recently that it has hardly an outcome yet: one that was
   * cancelled a moment ago is at worst run in vain, for the first outcome stands. A time ahead of
   * ours tells nothing.
   */
  public boolean isFresh(Instant now) {
    return !now.isBefore(time) && Duration.between(time, now).compareTo(FRESH) < 0;
  }

  /** This request with the router's decision. */
  public InferenceRequest assigned(Assignment decision) {
    return with(attempts, decision, payload, terms);
  }

  /** This request for another attempt, with no assignment. */
  public InferenceRequest retried(Attempts nextAttempts) {
    return with(nextAttempts, null, payload, terms);
  }

  /** This request with another body. */
  public InferenceRequest withPayload(Payload other) {
    return with(attempts, assignment, other, terms);
  }

  /** This request with other demands. */
  public InferenceRequest withTerms(Terms other) {
    return with(attempts, assignment, payload, other);
  }

  /** The one place that copies, so that a new component cannot be lost in one of the copies. */
  private InferenceRequest with(
      Attempts newAttempts,
      @Nullable Assignment newAssignment,
      Payload newPayload,
      Terms newTerms) {
    return new InferenceRequest(
        address,
        source,
        time,
        model,
        task,
        tier,
        deadline,
        tenant,
        cacheMode,
        size,
        newAttempts,
        newAssignment,
        trace,
        newPayload,
        newTerms);
  }

  /** When it ends without a result: at its deadline, or long after it when it may run late. */
  public Instant expiry() {
    return terms.admission() == AdmissionMode.LATE ? deadline.plus(LATEST) : deadline;
  }

  /** Whether it must end without a result at this time. */
  public boolean expiredAt(Instant now) {
    return !now.isBefore(expiry());
  }
}
