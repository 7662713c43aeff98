package dev.headrace.protocol.event;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.WellFormed;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The CloudEvents attributes of one record, read strictly: each at most once, UTF-8, bounded. */
final class Attributes {
  static final String PREFIX = "ce_";

  /** Longest attribute value read, in bytes (chosen; CloudEvents asks for small ones). */
  private static final int MAX_BYTES = 4096;

  /** Longest trace header passed on, in characters (the specification asks for 512 at least). */
  private static final int MAX_TRACE = 1024;

  /** Of a map that holds the two dozen attributes of a record without growing. */
  private static final int CAPACITY = 64;

  private static final String TIME = "an RFC 3339 time such as 2026-11-23T10:15:30Z";

  /** RFC 3339 has years of four digits; a time beyond them could be written but not read again. */
  static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");

  static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  /** The headers of the attributes that Headrace writes, so that their names are not made anew. */
  private static final Map<String, String> HEADERS =
      Stream.of(
              "specversion id type source time dataref model task tier deadline client streamed replyto",
              "tenant cachemode rows tokens attempt tried excluded lane devicetype reason cachekey",
              "status errorcode errormessage submitted revision worker cache queuems servicems usd")
          .flatMap(names -> Stream.of(names.split(" ")))
          .collect(Collectors.toUnmodifiableMap(name -> name, name -> PREFIX + name));

  private final Map<String, String> values;

  private Attributes(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads all {@code ce_} headers.
   *
   * @throws FailureException MALFORMED_EVENT for a doubled, null, over-long or non-UTF-8 value
   */
  static Attributes of(WireRecord record) {
    Map<String, String> values = new HashMap<>(CAPACITY);
    for (WireHeader header : record.headers()) {
      if (!header.name().startsWith(PREFIX)) {
        continue;
      }
      if (values.put(header.name().substring(PREFIX.length()), decode(header)) != null) {
        throw malformed(header.name(), "given twice", "at most once");
      }
    }
    return new Attributes(values);
  }

  /** As many attributes as can be read; for the address of a broken record. */
  static Attributes lenient(WireRecord record) {
    Map<String, String> values = new HashMap<>();
    for (WireHeader header : record.headers()) {
      if (header.name().startsWith(PREFIX)) {
        try {
          values.putIfAbsent(header.name().substring(PREFIX.length()), decode(header));
        } catch (FailureException e) {
          values.remove(header.name().substring(PREFIX.length()));
        }
      }
    }
    return new Attributes(values);
  }

  private static String decode(WireHeader header) {
    byte[] value = header.value();
    if (value == null) {
      throw malformed(header.name(), "null", "text");
    }
    if (value.length > MAX_BYTES) {
      throw malformed(header.name(), value.length + " bytes", "at most " + MAX_BYTES);
    }
    if (isAscii(value)) {
      return new String(value, StandardCharsets.ISO_8859_1);
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(value))
          .toString();
    } catch (CharacterCodingException e) {
      throw malformed(header.name(), "bytes that are not UTF-8", "UTF-8");
    }
  }

  private static boolean isAscii(byte[] value) {
    for (byte b : value) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }

  /** W3C Trace Context; what is too long to be one is left out, as its specification says. */
  static TraceContext trace(WireRecord record) {
    return new TraceContext(trace(record, "traceparent"), trace(record, "tracestate"));
  }

  private static @Nullable String trace(WireRecord record, String name) {
    String value = record.text(name);
    return value == null || value.length() > MAX_TRACE ? null : WellFormed.of(value);
  }

  /** The name of an attribute's header. */
  static String header(String attribute) {
    String known = HEADERS.get(attribute);
    return known == null ? PREFIX + attribute : known;
  }

  static FailureException malformed(String header, String value, String expected) {
    return new FailureException(
        ErrorCode.MALFORMED_EVENT, header + ": " + value + " (expected: " + expected + ")");
  }

  @Nullable String get(String name) {
    return values.get(name);
  }

  String require(String name) {
    String value = values.get(name);
    if (value == null || value.isEmpty()) {
      throw malformed(PREFIX + name, value == null ? "missing" : "empty", "text");
    }
    return value;
  }

  String orElse(String name, String otherwise) {
    String value = values.get(name);
    return value == null ? otherwise : value;
  }

  @Nullable Instant instant(String name) {
    String value = values.get(name);
    if (value == null) {
      return null;
    }
    try {
      Instant instant = Rfc3339.parse(value);
      if (instant.equals(bounded(instant))) {
        return instant;
      }
    } catch (DateTimeException e) {
      throw malformed(PREFIX + name, value, TIME);
    }
    throw malformed(PREFIX + name, value, TIME);
  }

  /** The nearest time that can be written. */
  static Instant bounded(Instant time) {
    return time.isBefore(EARLIEST) ? EARLIEST : time.isAfter(LATEST) ? LATEST : time;
  }

  long number(String name, long otherwise, long min, long max) {
    String value = values.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw malformed(PREFIX + name, value, min + ".." + max);
    }
    throw malformed(PREFIX + name, value, min + ".." + max);
  }

  List<String> list(String name) {
    String value = values.get(name);
    if (value == null || value.isEmpty()) {
      return List.of();
    }
    return List.of(value.split(",", -1));
  }

  /** Collects headers in order; nulls are left out. */
  static final class Writer {
    private final List<WireHeader> headers = new ArrayList<>(24); // a request has about 20

    Writer put(String name, @Nullable String value) {
      if (value != null) {
        headers.add(WireHeader.of(header(name), value));
      }
      return this;
    }

    Writer put(String name, @Nullable Instant value) {
      return put(name, value == null ? null : Rfc3339.format(value));
    }

    Writer put(String name, long value) {
      return put(name, Long.toString(value));
    }

    /** A header that is the same in many records. */
    Writer put(WireHeader header) {
      headers.add(header);
      return this;
    }

    Writer plain(String name, @Nullable String value) {
      if (value != null) {
        headers.add(WireHeader.of(name, value));
      }
      return this;
    }

    List<WireHeader> headers() {
      return headers;
    }
  }
}
