package dev.headrace.sdk;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Tier;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Request} is run; null means the client's or the tier's default. Not changed once in
 * use: a request copies it to change it.
 */
final class RequestOptions {
  @Nullable Tier tier;
  @Nullable Duration within;
  @Nullable Instant deadline;
  @Nullable String idempotencyKey;
  @Nullable String replyTo;
  @Nullable String traceparent;
  @Nullable String tracestate;
  @Nullable String tenant;
  @Nullable CacheMode cacheMode;
  AdmissionMode admission = AdmissionMode.BEST_EFFORT;
  @Nullable NumericPrecision minPrecision;

  RequestOptions copy() {
    RequestOptions copy = new RequestOptions();
    copy.tier = tier;
    copy.within = within;
    copy.deadline = deadline;
    copy.idempotencyKey = idempotencyKey;
    copy.replyTo = replyTo;
    copy.traceparent = traceparent;
    copy.tracestate = tracestate;
    copy.tenant = tenant;
    copy.cacheMode = cacheMode;
    copy.admission = admission;
    copy.minPrecision = minPrecision;
    return copy;
  }
}
