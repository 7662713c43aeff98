package dev.headrace.protocol.event;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.WellFormed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes in two forms with the same attributes: a CloudEvent for Kafka, and for Redis one value:
 * a JSON object with the attributes, a line feed, the body.
 */
public final class OutcomeCodec {
  public static final String TYPE = "dev.headrace.result.v1";

  private static final JsonFactory JSON = new JsonFactory();

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
    w.put("specversion", "1.0").put("type", TYPE).plain("content-type", RequestCodec.CONTENT_TYPE);
    w.put("dataref", reference);
    attributes(o, w::put);
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

  /** The value for Redis. */
  public static byte[] toStored(Outcome o) {
    JsonAttributes json = new JsonAttributes(1024);
    attributes(o, json::put);
    TraceContext trace = o.trace();
    if (trace.traceparent() != null) {
      json.put("traceparent", trace.traceparent());
    }
    if (trace.tracestate() != null) {
      json.put("tracestate", trace.tracestate());
    }
    return json.finish('\n', o.body());
  }

  /**
   * Reads the value from Redis.
   *
   * @throws FailureException MALFORMED_EVENT when it is no outcome
   */
  public static Outcome fromStored(byte[] stored) {
    int end = 0;
    while (end < stored.length && stored[end] != '\n') {
      end++;
    }
    if (end == stored.length) {
      throw Attributes.malformed("stored outcome", "no line feed", "attributes, line feed, body");
    }
    Map<String, String> values = new LinkedHashMap<>();
    try (JsonParser json = JSON.createParser(stored, 0, end)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw Attributes.malformed("stored outcome", "no JSON object", "attributes as JSON");
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_STRING) {
          throw Attributes.malformed(name, json.currentToken().toString(), "a JSON string");
        }
        values.put(name, json.getText());
      }
      if (json.currentToken() != JsonToken.END_OBJECT) {
        throw Attributes.malformed("stored outcome", "open JSON object", "attributes as JSON");
      }
    } catch (IOException e) {
      throw Attributes.malformed("stored outcome", "bad JSON", "attributes as JSON");
    }
    TraceContext trace = new TraceContext(values.get("traceparent"), values.get("tracestate"));
    return read(values, Arrays.copyOfRange(stored, end + 1, stored.length), trace);
  }

  private static void attributes(Outcome o, BiConsumer<String, String> to) {
    to.accept("id", o.id());
    to.accept("source", o.source());
    to.accept("time", o.time().toString());
    to.accept("client", o.address().client());
    if (o.address().streamed()) {
      to.accept("streamed", "true");
    }
    if (o.address().replyTo() != null) {
      to.accept("replyto", o.address().replyTo());
    }
    to.accept("status", o.status().name());
    if (o.failure() != null) {
      to.accept("errorcode", o.failure().code().wireId());
      to.accept("errormessage", o.failure().message());
    }
    o.details()
        .forEach(
            (name, value) -> {
              if (!isReserved(name)) {
                to.accept(name, WellFormed.of(value));
              }
            });
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
        status == Status.FAILED ? failure(values) : null,
        time(require(values, "time")),
        require(values, "source"),
        details,
        body,
        trace);
  }

  private static Failure failure(Map<String, String> values) {
    String id = require(values, "errorcode");
    String message = values.getOrDefault("errormessage", "");
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
