package dev.headrace.protocol.event;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.naming.Digests;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Requests as CloudEvents 1.0, Kafka binary binding.
 *
 * <p>Required: {@code ce_specversion}, {@code ce_id}, {@code ce_source}, {@code ce_type}, {@code
 * ce_model}, {@code ce_task}. All else has a default, so that any CloudEvents producer is a client:
 * tier from the topic, deadline from the tier, client from the source.
 */
public final class RequestCodec {
  public static final String TYPE = "dev.headrace.request.v1";
  public static final String CONTENT_TYPE = "application/json";

  /** Names of clients and tenants. */
  public static final Pattern CLIENT = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** Names of models. */
  public static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._/:@+-]{1,200}");

  /** Names of topics, as Kafka has them. */
  public static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");

  static final WireHeader SPEC_VERSION = WireHeader.of("ce_specversion", "1.0");
  static final WireHeader JSON = WireHeader.of("content-type", CONTENT_TYPE);
  private static final WireHeader TYPE_HEADER = WireHeader.of("ce_type", TYPE);

  private static final Pattern LIST_ITEM = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int MAX_SHORT_NAME = 64;
  private static final int MAX_ID = 256;
  private static final int MAX_ROWS = 100_000;
  private static final int MAX_ATTEMPT = 1000;

  private RequestCodec() {}

  /** The record of a request; its key is the request id. */
  public static WireRecord encode(InferenceRequest r) {
    Attributes.Writer w = new Attributes.Writer();
    w.put(SPEC_VERSION)
        .put("id", r.id())
        .put(TYPE_HEADER)
        .put("source", r.source())
        .put("time", r.time())
        .put(JSON)
        .put("dataref", r.payload().reference())
        .put("model", r.model())
        .put("task", r.task().wireName())
        .put("tier", r.tier().wireName())
        .put("deadline", r.deadline())
        .put("client", r.address().client())
        .put("streamed", r.address().streamed() ? "true" : null)
        .put("replyto", r.address().replyTo())
        .put("tenant", r.tenant().equals(InferenceRequest.DEFAULT_TENANT) ? null : r.tenant())
        .put("cachemode", r.cacheMode() == CacheMode.USE ? null : r.cacheMode().wireName())
        .put(
            "admission",
            r.terms().admission() == AdmissionMode.BEST_EFFORT
                ? null
                : r.terms().admission().wireName())
        .put(
            "minprecision",
            r.terms().minPrecision() == null ? null : r.terms().minPrecision().wireName())
        .put("rows", r.size().rows())
        .put("tokens", r.size().tokens());
    if (r.size().newTokens() > 0 || r.task().generates()) {
      w.put("newtokens", r.size().newTokens());
    }
    writeProgress(w, r);
    w.plain("traceparent", r.trace().traceparent()).plain("tracestate", r.trace().tracestate());
    return new WireRecord(
        r.id().getBytes(StandardCharsets.UTF_8), w.headers(), r.payload().bytes());
  }

  private static void writeProgress(Attributes.Writer w, InferenceRequest r) {
    Attempts attempts = r.attempts();
    if (attempts.number() > 1) {
      w.put("attempt", attempts.number());
    }
    w.put("tried", attempts.tried().isEmpty() ? null : String.join(",", attempts.tried()));
    w.put("excluded", attempts.excluded().isEmpty() ? null : String.join(",", attempts.excluded()));
    Assignment a = r.assignment();
    if (a != null) {
      w.put("lane", a.lane())
          .put("devicetype", a.deviceType())
          .put("reason", a.reason())
          .put("cachekey", a.cacheKey());
    }
  }

  /**
   * Reads a request; never throws.
   *
   * @param record the record
   * @param topicTier the tier of the topic it came from, used when it names none
   * @param timestamp the record's time, used when it has no {@code ce_time}
   */
  public static Decoded decode(WireRecord record, Tier topicTier, Instant timestamp) {
    try {
      return new Decoded.Valid(read(record, Attributes.of(record), topicTier, timestamp));
    } catch (FailureException e) {
      return new Decoded.Malformed(e.failure(), addressOf(record));
    }
  }

  private static InferenceRequest read(
      WireRecord record, Attributes a, Tier topicTier, Instant timestamp) {
    checkVersion(a);
    Address address = address(a, false);
    String taskName = a.require("task");
    Task task =
        Task.ofWireName(taskName)
            .orElseThrow(
                () ->
                    new FailureException(
                        ErrorCode.UNKNOWN_TASK,
                        "ce_task: " + taskName + " (expected: one of " + Task.expected() + ")"));
    Tier tier = tier(a, topicTier);
    Instant time = a.instant("time");
    Instant submitted = time == null ? Attributes.bounded(timestamp) : time;
    Instant deadline = a.instant("deadline");
    Payload payload = payload(record, a, address);
    return new InferenceRequest(
        address,
        a.require("source"),
        submitted,
        match(MODEL, "model", a.require("model")),
        task,
        tier,
        deadline == null ? Attributes.bounded(submitted.plus(tier.defaultDeadline())) : deadline,
        match(CLIENT, "tenant", a.orElse("tenant", InferenceRequest.DEFAULT_TENANT)),
        cacheMode(a),
        size(a, task, payload),
        attempts(a),
        assignment(a),
        Attributes.trace(record),
        payload,
        terms(a));
  }

  private static void checkVersion(Attributes a) {
    String version = a.require("specversion");
    if (!version.equals("1.0")) {
      throw new FailureException(
          ErrorCode.UNSUPPORTED_EVENT, "ce_specversion: " + version + " (expected: 1.0)");
    }
    String type = a.require("type");
    if (!type.equals(TYPE)) {
      throw new FailureException(
          ErrorCode.UNSUPPORTED_EVENT, "ce_type: " + type + " (expected: " + TYPE + ")");
    }
  }

  /**
   * Reads the address.
   *
   * @param lenient whether a wrong reply topic is left out: then the outcome goes where all go
   */
  private static Address address(Attributes a, boolean lenient) {
    String client = a.get("client");
    return new Address(
        client == null
            ? Digests.clientOfSource(a.require("source"))
            : match(CLIENT, "client", client),
        id(a),
        streamed(a, lenient),
        replyTo(a, lenient));
  }

  private static String id(Attributes a) {
    String id = a.require("id");
    if (id.length() > MAX_ID) {
      throw Attributes.malformed(
          "ce_id", id.length() + " characters", "at most " + MAX_ID + " characters");
    }
    for (int i = 0; i < id.length(); i++) {
      if (Character.isISOControl(id.charAt(i))) {
        throw Attributes.malformed("ce_id", "control characters", "text without them");
      }
    }
    return id;
  }

  private static boolean streamed(Attributes a, boolean lenient) {
    String streamed = a.orElse("streamed", "false");
    if (!lenient && !streamed.equals("true") && !streamed.equals("false")) {
      throw Attributes.malformed("ce_streamed", streamed, "true or false");
    }
    return streamed.equals("true");
  }

  private static @Nullable String replyTo(Attributes a, boolean lenient) {
    String topic = a.get("replyto");
    if (topic == null) {
      return null;
    }
    boolean allowed = TOPIC.matcher(topic).matches() && !Topics.isInput(topic);
    if (!allowed && !lenient) {
      throw Attributes.malformed("ce_replyto", topic, "a topic that holds no requests");
    }
    return allowed ? topic : null;
  }

  private static @Nullable Address addressOf(WireRecord record) {
    try {
      return address(Attributes.lenient(record), true);
    } catch (FailureException e) {
      return null;
    }
  }

  private static Tier tier(Attributes a, Tier topicTier) {
    String name = a.get("tier");
    return name == null
        ? topicTier
        : Tier.ofWireName(name)
            .orElseThrow(() -> Attributes.malformed("ce_tier", name, "one of " + Tier.expected()));
  }

  private static CacheMode cacheMode(Attributes a) {
    String name = a.get("cachemode");
    return name == null
        ? CacheMode.USE
        : CacheMode.ofWireName(name)
            .orElseThrow(() -> Attributes.malformed("ce_cachemode", name, "use or bypass"));
  }

  private static Terms terms(Attributes a) {
    String admission = a.get("admission");
    String precision = a.get("minprecision");
    if (admission == null && precision == null) {
      return Terms.DEFAULT;
    }
    return new Terms(
        admission == null
            ? AdmissionMode.BEST_EFFORT
            : AdmissionMode.ofWireName(admission)
                .orElseThrow(
                    () ->
                        Attributes.malformed(
                            "ce_admission", admission, "one of " + AdmissionMode.expected())),
        precision == null
            ? null
            : NumericPrecision.ofWireName(precision)
                .orElseThrow(
                    () ->
                        Attributes.malformed(
                            "ce_minprecision",
                            precision,
                            "one of " + NumericPrecision.expected())));
  }

  private static Payload payload(WireRecord record, Attributes a, Address address) {
    String reference = a.get("dataref");
    if (reference != null) {
      String own = RedisKeys.blob(address.client(), address.id());
      if (!reference.equals(own)) {
        throw Attributes.malformed("ce_dataref", reference, own);
      }
      return Payload.byReference(reference);
    }
    return inline(record);
  }

  /** The body that travels with the record. */
  static Payload inline(WireRecord record) {
    byte[] value = record.value();
    if (value == null || value.length == 0) {
      throw new FailureException(
          ErrorCode.INVALID_BODY,
          "value: " + (value == null ? "null" : "empty") + " (expected: a JSON object)");
    }
    return Payload.inline(value);
  }

  private static Size size(Attributes a, Task task, Payload payload) {
    int rows = (int) a.number("rows", 1, 1, MAX_ROWS);
    Size estimate = Size.ofBytes(rows, payload.bytes().length);
    return new Size(
        rows,
        a.number("tokens", estimate.tokens(), 0, Integer.MAX_VALUE),
        a.number("newtokens", generated(task, rows), 0, Integer.MAX_VALUE));
  }

  /** What a request for text is taken for when it does not say how long that may become. */
  private static long generated(Task task, int rows) {
    return task.generates() ? (long) rows * GenerationRequest.USUAL_MAX_TOKENS : 0;
  }

  private static Attempts attempts(Attributes a) {
    int number = (int) a.number("attempt", 1, 1, MAX_ATTEMPT);
    return new Attempts(number, names(a, "tried"), names(a, "excluded"));
  }

  private static List<String> names(Attributes a, String attribute) {
    List<String> names = a.list(attribute);
    names.forEach(n -> match(LIST_ITEM, attribute, n));
    return names;
  }

  private static @Nullable Assignment assignment(Attributes a) {
    String lane = a.get("lane");
    return lane == null
        ? null
        : new Assignment(
            match(LIST_ITEM, "lane", lane),
            match(LIST_ITEM, "devicetype", a.require("devicetype")),
            a.require("reason"),
            cacheKey(a));
  }

  private static @Nullable String cacheKey(Attributes a) {
    String key = a.get("cachekey");
    return key == null ? null : match(LIST_ITEM, "cachekey", key);
  }

  /**
   * What all of the patterns take; nearly all names are so, and a pattern takes ten times longer.
   */
  private static boolean isShortName(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') {
        return false;
      }
    }
    return !value.isEmpty() && value.length() <= MAX_SHORT_NAME;
  }

  private static String match(Pattern pattern, String attribute, String value) {
    if (!isShortName(value) && !pattern.matcher(value).matches()) {
      throw Attributes.malformed(Attributes.PREFIX + attribute, value, pattern.pattern());
    }
    return value;
  }
}
