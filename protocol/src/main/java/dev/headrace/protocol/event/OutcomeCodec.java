package dev.headrace.protocol.event;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes in two forms with the same attributes: a CloudEvent for Kafka, and for Redis one value:
 * a JSON object with the attributes, a line feed, the body.
 */
public final class OutcomeCodec {
  public static final String TYPE = "dev.headrace.result.v1";

  private static final JsonFactory JSON = new JsonFactory();

  /** Attributes that are no details. */
  private static final Set<String> RESERVED =
      new HashSet<>(
          List.of(
              "specversion",
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
              "tracestate"));

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
    ByteArrayOutputStream out = new ByteArrayOutputStream(512 + o.body().length);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.writeStartObject();
      attributes(o, (name, value) -> writeField(json, name, value));
      writeIfPresent(json, "traceparent", o.trace().traceparent());
      writeIfPresent(json, "tracestate", o.trace().tracestate());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    out.write('\n');
    out.writeBytes(o.body());
    return out.toByteArray();
  }

  private static void writeField(JsonGenerator json, String name, String value) {
    try {
      json.writeStringField(name, value);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
  }

  private static void writeIfPresent(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
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

  /** Gives the attributes in their order; names without values are left out. */
  private static void attributes(Outcome o, BiConsumer<String, String> sink) {
    sink.accept("id", o.id());
    sink.accept("source", o.source());
    sink.accept("time", o.time().toString());
    sink.accept("client", o.address().client());
    if (o.address().streamed()) {
      sink.accept("streamed", "true");
    }
    if (o.address().replyTo() != null) {
      sink.accept("replyto", o.address().replyTo());
    }
    sink.accept("status", o.status().name());
    if (o.failure() != null) {
      sink.accept("errorcode", o.failure().code().wireId());
      sink.accept("errormessage", o.failure().message());
    }
    for (Map.Entry<String, String> detail : o.details().entrySet()) {
      if (!RESERVED.contains(detail.getKey())) {
        sink.accept(detail.getKey(), WellFormed.of(detail.getValue()));
      }
    }
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
    details.keySet().removeAll(RESERVED);
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
