package dev.headrace.protocol;

import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The one visible end of a request.
 *
 * @param address whose request it was
 * @param status how it ended
 * @param failure why, when the status is FAILED; else null
 * @param time when it ended
 * @param source which program made it, as {@code /headrace/workers/w1}
 * @param details see {@link Detail}; in order
 * @param body the response as JSON, or the error object in OpenAI's shape; never modified
 * @param trace the request's trace context
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content below; copying bodies costs
public record Outcome(
    Address address,
    Status status,
    @Nullable Failure failure,
    Instant time,
    String source,
    Map<String, String> details,
    byte[] body,
    TraceContext trace) {

  public Outcome {
    if ((status == Status.FAILED) != (failure != null)) {
      throw new IllegalArgumentException(
          "status " + status + " with failure " + failure + " (expected: failure iff FAILED)");
    }
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }

  /** The request id. */
  public String id() {
    return address.id();
  }

  /** One detail, or null. */
  public @Nullable String detail(String name) {
    return details.get(name);
  }

  /**
   * This outcome as the answer to another, identical request.
   *
   * @param waiting what {@link Outcomes#waiting} made of that request
   * @param now when it is answered
   * @param cache the value of {@link Detail#CACHE}
   */
  public Outcome answering(Outcome waiting, Instant now, String cache) {
    Map<String, String> own = new LinkedHashMap<>(details);
    own.putAll(waiting.details);
    own.put(Detail.CACHE, cache);
    own.put(Detail.QUEUE_MS, "0");
    own.put(Detail.SERVICE_MS, "0");
    own.put(Detail.USD, "0");
    return new Outcome(waiting.address, status, failure, now, source, own, body, waiting.trace);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Outcome o
        && address.equals(o.address)
        && status == o.status
        && Objects.equals(failure, o.failure)
        && time.equals(o.time)
        && source.equals(o.source)
        && details.equals(o.details)
        && Arrays.equals(body, o.body)
        && trace.equals(o.trace);
  }

  @Override
  public int hashCode() {
    return Objects.hash(address, status, time);
  }
}
