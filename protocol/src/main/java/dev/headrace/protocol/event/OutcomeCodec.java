package dev.headrace.protocol.event;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.WellFormed;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes in two forms with the same attributes: a CloudEvent for Kafka, and for Redis one value,
 * packed because only Headrace reads it: a byte that says whether Kafka has it, the attributes, the
 * body.
 */
public final class OutcomeCodec {
  public static final String TYPE = "dev.headrace.result.v1";

  /** The first byte of a value in Redis; the store replaces the one by the other. */
  public static final byte STORED = 1;

  /** The first byte of a value of which Kafka has the outcome. */
  public static final byte PUBLISHED = 2;

  private static final WireHeader TYPE_HEADER = WireHeader.of("ce_type", TYPE);

  /** Whether an attribute is no detail. */
  private static boolean isReserved(String name) {
    return switch (name) {
      case "specversion",
          "id",
          "type",
          "source",
          "time",
          "dataref",
          "client",
          "streamed",
          "replyto",
          "status",
          "errorcode",
          "errormessage",
          "traceparent",
          "tracestate" ->
          true;
      default -> false;
    };
  }

  private OutcomeCodec() {}

  /** The Kafka record of an outcome; its key is the request id. */
  public static WireRecord encode(Outcome o) {
    return record(o, null, o.body());
  }

  /** The Kafka record of an outcome whose body stays in Redis under this key (claim check). */
  public static WireRecord encodeByReference(Outcome o, String key) {
    return record(o, key, new byte[0]);
  }

  private static WireRecord record(Outcome o, @Nullable String reference, byte[] body) {
    Attributes.Writer w = new Attributes.Writer();
    w.put(RequestCodec.SPEC_VERSION).put(TYPE_HEADER).put(RequestCodec.JSON);
    w.put("dataref", reference);
    w.put("id", o.id()).put("source", o.source()).put("time", o.time());
    w.put("client", o.address().client());
    w.put("streamed", o.address().streamed() ? "true" : null);
    w.put("replyto", o.address().replyTo());
    w.put("status", o.status().name());
    if (o.failure() != null) {
      w.put("errorcode", o.failure().code().wireId()).put("errormessage", o.failure().message());
    }
    o.details()
        .forEach(
            (name, value) -> {
              if (!isReserved(name)) {
                w.put(name, WellFormed.of(value));
              }
            });
    w.plain("traceparent", o.trace().traceparent()).plain("tracestate", o.trace().tracestate());
    return new WireRecord(o.id().getBytes(StandardCharsets.UTF_8), w.headers(), body);
  }

  /**
   * Reads an outcome from its Kafka record.
   *
   * @throws FailureException MALFORMED_EVENT when it is none
   */
  public static Outcome decode(WireRecord record) {
    Attributes a = Attributes.of(record);
    String type = a.require("type");
    if (!type.equals(TYPE)) {
      throw Attributes.malformed("ce_type", type, TYPE);
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (WireHeader header : record.headers()) {
      if (header.name().startsWith(Attributes.PREFIX)) {
        String name = header.name().substring(Attributes.PREFIX.length());
        values.put(name, a.orElse(name, ""));
      }
    }
    byte[] body = record.value();
    return read(values, body == null ? new byte[0] : body, Attributes.trace(record));
  }

  /** The key under which Redis holds the body, when the record has none; else null. */
  public static @Nullable String reference(WireRecord record) {
    return record.text(Attributes.PREFIX + "dataref");
  }

  /** The value for Redis; one whose outcome is not known to be in Kafka. */
  public static byte[] toStored(Outcome o) {
    Packed.Writer w = new Packed.Writer(640 + o.body().length);
    Failure failure = o.failure();
    w.number(STORED)
        .text(o.id())
        .text(o.address().client())
        .flag(o.address().streamed())
        .text(o.address().replyTo())
        .text(o.status().name())
        .text(failure == null ? null : failure.code().wireId())
        .text(failure == null ? null : failure.message())
        .time(o.time())
        .text(o.source())
        .text(o.trace().traceparent())
        .text(o.trace().tracestate());
    Map<String, String> details = o.details();
    int[] reserved = {0};
    details.forEach((name, value) -> reserved[0] += isReserved(name) ? 1 : 0);
    w.number(details.size() - reserved[0]);
    details.forEach(
        (name, value) -> {
          if (!isReserved(name)) {
            w.text(name).text(WellFormed.of(value));
          }
        });
    return w.rest(o.body()).bytes();
  }

  /** Whether a value from Redis says that Kafka has the outcome. */
  public static boolean isPublished(byte[] stored) {
    return stored.length > 0 && stored[0] == PUBLISHED;
  }

  /** Whether two values from Redis hold the same outcome, be it known in Kafka or not. */
  public static boolean sameOutcome(byte[] a, byte[] b) {
    return a.length > 0 && b.length > 0 && Arrays.equals(a, 1, a.length, b, 1, b.length);
  }

  /**
   * Reads the value from Redis.
   *
   * @throws FailureException MALFORMED_EVENT when it is no outcome
   */
  public static Outcome fromStored(byte[] stored) {
    Packed.Reader in = new Packed.Reader("stored outcome", stored);
    in.number(STORED, PUBLISHED);
    String id = in.need();
    Address address = new Address(in.need(), id, in.flag(), in.text());
    Status status = status(in.need());
    String code = in.text();
    String message = in.text();
    Instant time = in.time();
    String source = in.need();
    TraceContext trace = new TraceContext(in.text(), in.text());
    int count = in.number(0, stored.length);
    Map<String, String> details = new LinkedHashMap<>(64);
    for (int i = 0; i < count; i++) {
      details.put(in.need(), WellFormed.of(in.need()));
    }
    details.keySet().removeIf(OutcomeCodec::isReserved);
    if (status == Status.FAILED && code == null) {
      throw in.malformed("failed for no reason");
    }
    Failure failure =
        status == Status.FAILED && code != null
            ? failure(code, message == null ? "" : message)
            : null;
    return new Outcome(address, status, failure, time, source, details, in.rest(), trace);
  }

  private static Outcome read(Map<String, String> values, byte[] body, TraceContext trace) {
    Address address =
        new Address(
            require(values, "client"),
            require(values, "id"),
            "true".equals(values.get("streamed")),
            values.get("replyto"));
    Status status = status(require(values, "status"));
    Map<String, String> details = new LinkedHashMap<>(values);
    details.keySet().removeIf(OutcomeCodec::isReserved);
    details.replaceAll((name, value) -> WellFormed.of(value));
    return new Outcome(
        address,
        status,
        status == Status.FAILED
            ? failure(require(values, "errorcode"), values.getOrDefault("errormessage", ""))
            : null,
        time(require(values, "time")),
        require(values, "source"),
        details,
        body,
        trace);
  }

  private static Failure failure(String id, String message) {
    return ErrorCode.ofWireId(id)
        .map(code -> new Failure(code, message))
        // A newer version's code: the request failed all the same.
        .orElseGet(() -> new Failure(ErrorCode.INTERNAL_ERROR, id + ": " + message));
  }

  private static Status status(String name) {
    for (Status status : Status.values()) {
      if (status.name().equals(name)) {
        return status;
      }
    }
    throw Attributes.malformed("status", name, "one of " + Arrays.toString(Status.values()));
  }

  private static Instant time(String value) {
    try {
      return Attributes.bounded(Instant.parse(value));
    } catch (DateTimeException e) {
      throw Attributes.malformed("time", value, "an RFC 3339 time");
    }
  }

  private static String require(Map<String, String> values, String name) {
    String value = values.get(name);
    if (value == null) {
      throw Attributes.malformed(name, "missing", "text");
    }
    return value;
  }
}
