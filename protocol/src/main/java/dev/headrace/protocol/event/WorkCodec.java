package dev.headrace.protocol.event;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.naming.RedisKeys;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests on their way from router to worker. Only these two read the work topics, so the two
 * dozen attributes of a request travel packed in one header: as headers of their own they took more
 * of either's time than all else did. The trace context stays readable for others. The other
 * headers are those of {@link DeadLetter}.
 */
public final class WorkCodec {
  /** The header with the attributes. */
  public static final String HEADER = "headrace";

  private static final int VERSION = 1;
  private static final int MAX_ATTEMPT = 1000;

  private WorkCodec() {}

  /** The record of an assigned request; its key is the request id. */
  public static WireRecord encode(InferenceRequest r) {
    TraceContext trace = r.trace();
    List<WireHeader> headers = new ArrayList<>(3);
    headers.add(new WireHeader(HEADER, packed(r)));
    add(headers, "traceparent", trace.traceparent());
    add(headers, "tracestate", trace.tracestate());
    return new WireRecord(r.id().getBytes(StandardCharsets.UTF_8), headers, r.payload().bytes());
  }

  private static void add(List<WireHeader> headers, String name, @Nullable String value) {
    if (value != null) {
      headers.add(WireHeader.of(name, value));
    }
  }

  private static byte[] packed(InferenceRequest r) {
    Address address = r.address();
    Packed.Writer w = new Packed.Writer(384);
    w.number(VERSION)
        .text(address.client())
        .text(address.id())
        .flag(address.streamed())
        .text(address.replyTo())
        .text(r.source())
        .time(r.time())
        .text(r.model())
        .text(r.task().wireName())
        .text(r.tier().wireName())
        .time(r.deadline())
        .text(r.tenant())
        .text(r.cacheMode().wireName())
        .number(r.size().rows())
        .number(r.size().tokens())
        .number(r.size().newTokens())
        .number(r.attempts().number())
        .texts(r.attempts().tried())
        .texts(r.attempts().excluded())
        .text(r.terms().admission().wireName())
        .text(r.terms().minPrecision() == null ? null : r.terms().minPrecision().wireName())
        .flag(r.payload().reference() != null);
    Assignment a = r.assignment();
    w.flag(a != null);
    if (a != null) {
      w.text(a.lane()).text(a.deviceType()).text(a.reason()).text(a.cacheKey());
    }
    return w.bytes();
  }

  /**
   * Reads a request; never throws. A request as a CloudEvent is read too: a person may have put it
   * into the topic.
   *
   * @param timestamp the record's time
   */
  public static Decoded decode(WireRecord record, Instant timestamp) {
    WireHeader header = header(record);
    if (header == null) {
      return RequestCodec.decode(record, Tier.STANDARD, timestamp);
    }
    byte[] packed = header.value();
    Packed.Reader in = new Packed.Reader("header " + HEADER, packed == null ? new byte[0] : packed);
    Address address = null;
    try {
      in.number(VERSION, VERSION);
      address = new Address(in.need(), in.need(), in.flag(), in.text());
      return new Decoded.Valid(read(record, address, in));
    } catch (FailureException e) {
      return new Decoded.Malformed(e.failure(), address);
    }
  }

  private static @Nullable WireHeader header(WireRecord record) {
    for (WireHeader header : record.headers()) {
      if (header.name().equals(HEADER)) {
        return header;
      }
    }
    return null;
  }

  private static InferenceRequest read(WireRecord record, Address address, Packed.Reader in) {
    String source = in.need();
    Instant time = in.time();
    String model = in.need();
    String task = in.need();
    String tier = in.need();
    Instant deadline = in.time();
    String tenant = in.need();
    String cacheMode = in.need();
    Size size =
        new Size(
            in.number(1, Integer.MAX_VALUE),
            in.number(0, Integer.MAX_VALUE),
            in.number(0, Integer.MAX_VALUE));
    Attempts attempts = new Attempts(in.number(1, MAX_ATTEMPT), in.texts(), in.texts());
    Terms terms = terms(in);
    boolean byReference = in.flag();
    Assignment assignment =
        in.flag() ? new Assignment(in.need(), in.need(), in.need(), in.text()) : null;
    in.end();
    return new InferenceRequest(
        address,
        source,
        time,
        model,
        Task.ofWireName(task).orElseThrow(() -> in.malformed("task " + task)),
        Tier.ofWireName(tier).orElseThrow(() -> in.malformed("tier " + tier)),
        deadline,
        tenant,
        CacheMode.ofWireName(cacheMode).orElseThrow(() -> in.malformed("cache mode " + cacheMode)),
        size,
        attempts,
        assignment,
        Attributes.trace(record),
        byReference
            ? Payload.byReference(RedisKeys.blob(address.client(), address.id()))
            : RequestCodec.inline(record),
        terms);
  }

  private static Terms terms(Packed.Reader in) {
    String admission = in.need();
    String precision = in.text();
    return new Terms(
        AdmissionMode.ofWireName(admission)
            .orElseThrow(() -> in.malformed("admission " + admission)),
        precision == null
            ? null
            : NumericPrecision.ofWireName(precision)
                .orElseThrow(() -> in.malformed("precision " + precision)));
  }

  /**
   * The record as any CloudEvents program reads it, for a dead letter: in place of the packed
   * header it has the request's own; the other headers stay.
   */
  public static WireRecord unpacked(WireRecord record, InferenceRequest request) {
    if (header(record) == null) {
      return record;
    }
    List<WireHeader> others = new ArrayList<>();
    for (WireHeader h : record.headers()) {
      if (!Arrays.asList(HEADER, "traceparent", "tracestate").contains(h.name())) {
        others.add(h);
      }
    }
    return RequestCodec.encode(request).with(others);
  }
}
