package dev.headrace.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.naming.RedisKeys;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Malformed records of every sort: what is said, and whose request it was. */
class RequestCodecTest {
  private static final Instant TIME = Instant.parse("2026-11-23T10:15:30Z");

  private final Map<String, String> attributes =
      new LinkedHashMap<>(
          Map.of(
              "specversion", "1.0",
              "id", "r1",
              "type", RequestCodec.TYPE,
              "source", "/app",
              "model", "minilm",
              "task", "embeddings",
              "client", "app"));
  private byte[] value = "{}".getBytes(StandardCharsets.UTF_8);
  private final List<WireHeader> more = new ArrayList<>();

  private Decoded decode() {
    List<WireHeader> headers = new ArrayList<>(more);
    attributes.forEach((name, text) -> headers.add(WireHeader.of("ce_" + name, text)));
    return RequestCodec.decode(new WireRecord(null, headers, value), Tier.STANDARD, TIME);
  }

  private InferenceRequest valid() {
    return ((Decoded.Valid) decode()).request();
  }

  private Decoded.Malformed malformed() {
    return (Decoded.Malformed) decode();
  }

  private void assertMalformed(ErrorCode code, String message) {
    assertThat(malformed().failure().code()).isEqualTo(code);
    assertThat(malformed().failure().message()).isEqualTo(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"specversion", "id", "type", "source", "model", "task"})
  void missing_attribute_is_named(String name) {
    attributes.remove(name);
    assertMalformed(ErrorCode.MALFORMED_EVENT, "ce_" + name + ": missing (expected: text)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"specversion", "id", "type", "source", "model", "task"})
  void empty_attribute_is_named(String name) {
    attributes.put(name, "");
    assertMalformed(ErrorCode.MALFORMED_EVENT, "ce_" + name + ": empty (expected: text)");
  }

  @ParameterizedTest
  @CsvSource({
    "tier, gold, 'ce_tier: gold (expected: one of economy, standard, premium)'",
    "deadline, soon, 'ce_deadline: soon (expected: an RFC 3339 time such as 2026-11-23T10:15:30Z)'",
    "rows, 0, 'ce_rows: 0 (expected: 1..100000)'",
    "rows, many, 'ce_rows: many (expected: 1..100000)'",
    "tokens, -1, 'ce_tokens: -1 (expected: 0..2147483647)'",
    "attempt, 0, 'ce_attempt: 0 (expected: 1..1000)'",
    "cachemode, never, 'ce_cachemode: never (expected: use or bypass)'",
    "streamed, yes, 'ce_streamed: yes (expected: true or false)'",
    "client, a b, 'ce_client: a b (expected: [A-Za-z0-9._-]{1,64})'",
    "client, a}b, 'ce_client: a}b (expected: [A-Za-z0-9._-]{1,64})'",
    "replyto, headrace.work.gpu,"
        + " 'ce_replyto: headrace.work.gpu (expected: a topic that holds no requests)'",
    "replyto, a b, 'ce_replyto: a b (expected: a topic that holds no requests)'",
    "dataref, headrace:{x}:blob:y,"
        + " 'ce_dataref: headrace:{x}:blob:y (expected: headrace:{app}:blob:r1)'",
    "tried, 'a,,b', 'ce_tried:  (expected: [A-Za-z0-9._-]{1,64})'"
  })
  void wrong_attribute_is_named_with_its_value_and_what_was_expected(
      String name, String text, String message) {
    attributes.put(name, text);
    assertMalformed(ErrorCode.MALFORMED_EVENT, message);
  }

  @Test
  void lane_and_cache_key_of_a_stranger_are_checked() {
    attributes.putAll(Map.of("lane", "a/b", "devicetype", "d", "reason", "r"));
    assertThat(malformed().failure().message()).startsWith("ce_lane: a/b");
    attributes.putAll(Map.of("lane", "a", "cachekey", "a}b"));
    assertThat(malformed().failure().message()).startsWith("ce_cachekey: a}b");
  }

  @Test
  void other_versions_and_types_are_unsupported() {
    attributes.put("specversion", "0.3");
    assertMalformed(ErrorCode.UNSUPPORTED_EVENT, "ce_specversion: 0.3 (expected: 1.0)");
    attributes.put("specversion", "1.0");
    attributes.put("type", "x");
    assertMalformed(ErrorCode.UNSUPPORTED_EVENT, "ce_type: x (expected: dev.headrace.request.v1)");
  }

  @Test
  void unknown_task_has_a_code_of_its_own() {
    attributes.put("task", "poetry");
    assertMalformed(
        ErrorCode.UNKNOWN_TASK, "ce_task: poetry (expected: one of " + Task.expected() + ")");
  }

  @Test
  void null_and_empty_values_are_invalid_bodies() {
    value = null;
    assertMalformed(ErrorCode.INVALID_BODY, "value: null (expected: a JSON object)");
    value = new byte[0];
    assertMalformed(ErrorCode.INVALID_BODY, "value: empty (expected: a JSON object)");
    attributes.put("dataref", RedisKeys.blob("app", "r1"));
    assertThat(valid().payload().reference()).isEqualTo("headrace:{app}:blob:r1");
  }

  @Test
  void doubled_null_and_foreign_bytes_are_malformed() {
    more.add(WireHeader.of("ce_model", "other"));
    assertMalformed(ErrorCode.MALFORMED_EVENT, "ce_model: given twice (expected: at most once)");
    more.set(0, new WireHeader("ce_x", null));
    assertMalformed(ErrorCode.MALFORMED_EVENT, "ce_x: null (expected: text)");
    more.set(0, new WireHeader("ce_x", new byte[] {(byte) 0xff}));
    assertMalformed(ErrorCode.MALFORMED_EVENT, "ce_x: bytes that are not UTF-8 (expected: UTF-8)");
    more.set(0, WireHeader.of("ce_x", "x".repeat(4097)));
    assertMalformed(ErrorCode.MALFORMED_EVENT, "ce_x: 4097 bytes (expected: at most 4096)");
  }

  @Test
  void headers_that_are_not_ours_do_not_matter() {
    more.add(new WireHeader("x", null));
    more.add(new WireHeader("x", new byte[] {(byte) 0xff}));
    more.add(new WireHeader("traceparent", new byte[] {(byte) 0xff}));
    more.add(WireHeader.of("tracestate", "x".repeat(2000)));

    assertThat(valid().trace().tracestate()).isNull();
  }

  @Test
  void malformed_request_still_says_whose_it_is() {
    attributes.put("task", "poetry");
    attributes.put("replyto", "mine");
    assertThat(malformed().address()).isEqualTo(new Address("app", "r1", false, "mine"));
    attributes.put("replyto", "headrace.requests.premium");
    attributes.put("streamed", "perhaps");
    assertThat(malformed().address()).isEqualTo(new Address("app", "r1", false, null));
    attributes.remove("id");
    assertThat(malformed().address()).isNull();
  }

  @Test
  void id_is_bounded_and_has_no_control_characters() {
    attributes.put("id", "x".repeat(257));
    assertMalformed(
        ErrorCode.MALFORMED_EVENT, "ce_id: 257 characters (expected: at most 256 characters)");
    attributes.put("id", "a\nb");
    assertMalformed(
        ErrorCode.MALFORMED_EVENT, "ce_id: control characters (expected: text without them)");
  }

  @Test
  void deadline_in_the_past_is_a_valid_request_that_expired() {
    attributes.put("deadline", "1970-01-01T00:00:00+01:00");

    assertThat(valid().expiredAt(TIME)).isTrue();
  }

  @Test
  void failure_quotes_what_was_sent_without_breaking_what_carries_it() {
    attributes.put("tier", "a\u0000b\u0085c" + "\ud83d\ude00".repeat(1000));
    String message = malformed().failure().message();

    assertThat(message).startsWith("ce_tier: a b c").endsWith("...");
    assertThat(dev.headrace.protocol.WellFormed.is(message)).isTrue();
  }
}
