package dev.headrace.protocol;

import dev.headrace.protocol.body.ErrorBody;
import dev.headrace.protocol.event.Rfc3339;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes the outcomes that need no model: failed, expired, cancelled. */
public final class Outcomes {
  private Outcomes() {}

  /** What every outcome repeats from its request. */
  public static Map<String, String> identity(InferenceRequest request) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put(Detail.MODEL, request.model());
    details.put(Detail.TASK, request.task().wireName());
    details.put(Detail.TIER, request.tier().wireName());
    details.put(Detail.SUBMITTED, Rfc3339.format(request.time()));
    details.put(Detail.DEADLINE, Rfc3339.format(request.deadline()));
    details.put(Detail.ATTEMPT, Integer.toString(request.attempts().number()));
    Assignment assignment = request.assignment();
    if (assignment != null) {
      details.put(Detail.DEVICE_TYPE, assignment.deviceType());
      details.put(Detail.REASON, assignment.reason());
    }
    return details;
  }

  /**
   * The outcome of a request that waits for an identical one: all but the body. It is OK, because
   * only a leader that succeeds answers others.
   */
  public static Outcome waiting(InferenceRequest request) {
    return new Outcome(
        request.address(),
        Status.OK,
        null,
        request.time(),
        "",
        identity(request),
        new byte[0],
        request.trace());
  }

  /** FAILED with this reason. */
  public static Outcome failed(
      InferenceRequest request, Failure failure, Instant now, String source) {
    return new Outcome(
        request.address(),
        Status.FAILED,
        failure,
        now,
        source,
        identity(request),
        ErrorBody.encode(failure),
        request.trace());
  }

  /** FAILED for a record of which little more than the address could be read. */
  public static Outcome failed(Address address, Failure failure, Instant now, String source) {
    return new Outcome(
        address,
        Status.FAILED,
        failure,
        now,
        source,
        Map.of(),
        ErrorBody.encode(failure),
        TraceContext.NONE);
  }

  /** EXPIRED: the deadline passed before a result was made. */
  public static Outcome expired(InferenceRequest request, Instant now, String source) {
    String message = "deadline passed: " + request.deadline() + " (expected: after " + now + ")";
    return new Outcome(
        request.address(),
        Status.EXPIRED,
        null,
        now,
        source,
        identity(request),
        ErrorBody.encode("deadline_error", "expired", message),
        request.trace());
  }

  /** CANCELLED by its client. */
  public static Outcome cancelled(Address address, Instant now, String source) {
    return new Outcome(
        address,
        Status.CANCELLED,
        null,
        now,
        source,
        Map.of(),
        ErrorBody.encode("cancelled_error", "cancelled", "cancelled by the client"),
        TraceContext.NONE);
  }
}
