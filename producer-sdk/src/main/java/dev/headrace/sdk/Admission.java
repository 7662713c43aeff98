package dev.headrace.sdk;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.sdk.internal.ClientCore;
import dev.headrace.sdk.internal.RequestIds;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Checks a user's request and makes of it the one that travels. Thread-safe, no I/O. */
final class Admission {
  /** Longest wait for a deadline (chosen; outcomes are not kept for ever). */
  static final Duration MAX_DEADLINE = Duration.ofDays(30);

  private static final int MAX_KEY = 256;
  private static final int MAX_TRACESTATE = 512; // W3C Trace Context, section 3.3.1.5
  private static final Pattern TRACEPARENT =
      Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

  private final String client;
  private final SdkConfig config;
  private final InstantSource clock;
  private final RequestIds ids;

  Admission(String client, SdkConfig config, InstantSource clock, RequestIds ids) {
    this.client = client;
    this.config = config;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * A request that may be sent.
   *
   * @param idempotent whether another one may have the same id
   */
  record Admitted(InferenceRequest request, boolean idempotent) {}

  /**
   * Checks all there is to check.
   *
   * @throws InvalidRequestException naming the value and what was expected
   */
  Admitted admit(Request request) {
    RequestOptions options = request.options();
    BodyCheck.Body body = BodyCheck.of(request.content());
    String model = match("model", body.model(), RequestCodec.MODEL);
    String tenant =
        match(
            "tenant",
            options.tenant == null ? config.tenant() : options.tenant,
            RequestCodec.CLIENT);
    Tier tier = options.tier == null ? config.tier() : options.tier;
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    String key = options.idempotencyKey;
    String id = key == null ? ids.next() : RequestIds.ofKey(client, tenant, checkedKey(key));
    InferenceRequest admitted =
        new InferenceRequest(
            new Address(client, id, true, replyTo(options.replyTo)),
            ClientCore.sourceOf(client),
            now,
            model,
            body.task(),
            tier,
            deadline(options, tier, now),
            tenant,
            cacheMode(options, body),
            body.size(),
            Attempts.FIRST,
            null,
            trace(options),
            Payload.inline(body.bytes()),
            new Terms(options.admission, options.minPrecision));
    return new Admitted(admitted, key != null);
  }

  private static CacheMode cacheMode(RequestOptions options, BodyCheck.Body body) {
    if (options.cacheMode != null) {
      return options.cacheMode;
    }
    return body.repeatable() ? CacheMode.USE : CacheMode.BYPASS;
  }

  private static Instant deadline(RequestOptions options, Tier tier, Instant now) {
    Instant at = options.deadline;
    Duration within = options.within == null ? tier.defaultDeadline() : options.within;
    Object given = at == null ? within : at;
    try {
      Instant deadline = at == null ? now.plus(within) : at;
      if (deadline.isAfter(now) && !deadline.isAfter(now.plus(MAX_DEADLINE))) {
        return deadline;
      }
    } catch (DateTimeException | ArithmeticException e) {
      throw invalid("deadline", given, "after " + now + ", by at most " + MAX_DEADLINE);
    }
    throw invalid("deadline", given, "after " + now + ", by at most " + MAX_DEADLINE);
  }

  private static String checkedKey(String key) {
    if (key.isBlank() || key.length() > MAX_KEY || key.chars().anyMatch(Character::isISOControl)) {
      throw invalid(
          "idempotencyKey",
          key.isBlank() ? "blank" : key.length() + " characters",
          "1.." + MAX_KEY + " characters, none of them control characters");
    }
    return key;
  }

  private static @Nullable String replyTo(@Nullable String topic) {
    if (topic == null) {
      return null;
    }
    match("replyTo", topic, RequestCodec.TOPIC);
    if (topic.startsWith("headrace.") && !topic.equals(Topics.OUTCOMES)) {
      throw invalid("replyTo", topic, "a topic of your own, no other of Headrace's");
    }
    return topic;
  }

  private static TraceContext trace(RequestOptions options) {
    String parent = options.traceparent;
    String state = options.tracestate;
    if (parent == null && state == null) {
      return TraceContext.NONE;
    }
    if (parent == null) {
      throw invalid("tracestate", "without traceparent", "both");
    }
    match("traceparent", parent, TRACEPARENT);
    if (state != null
        && (state.length() > MAX_TRACESTATE || state.chars().anyMatch(c -> c < ' ' || c > '~'))) {
      throw invalid(
          "tracestate",
          state.length() + " characters",
          "at most " + MAX_TRACESTATE + " printable ASCII characters");
    }
    return new TraceContext(parent, state);
  }

  private static String match(String field, @Nullable String value, Pattern pattern) {
    if (value == null || !pattern.matcher(value).matches()) {
      throw invalid(field, value, pattern.pattern());
    }
    return value;
  }

  private static InvalidRequestException invalid(
      String field, @Nullable Object value, String expected) {
    return new InvalidRequestException(
        ErrorCode.MALFORMED_EVENT, field + ": " + value + " (expected: " + expected + ")");
  }
}
