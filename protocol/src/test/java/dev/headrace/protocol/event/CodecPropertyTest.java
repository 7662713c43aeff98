package dev.headrace.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.protocol.testing.Values;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What was encoded is decoded; what was damaged gives a typed error and nothing else. */
class CodecPropertyTest {
  /** Ways in which each value is damaged: making a value costs more than damaging it. */
  private static final int DAMAGES = 20;

  @Provide
  Arbitrary<InferenceRequest> requests() {
    return Values.requests();
  }

  @Provide
  Arbitrary<Outcome> outcomes() {
    return Values.outcomes();
  }

  @Provide
  Arbitrary<DeviceReport> reports() {
    return Values.reports();
  }

  @Property(tries = 300)
  void request_is_decoded_as_it_was(@ForAll("requests") InferenceRequest request) {
    assertThat(decode(RequestCodec.encode(request))).isEqualTo(new Decoded.Valid(request));
  }

  @Property(tries = 300)
  void work_is_decoded_as_it_was(@ForAll("requests") InferenceRequest request) {
    assertThat(WorkCodec.decode(WorkCodec.encode(request), Instant.EPOCH))
        .isEqualTo(new Decoded.Valid(request));
    assertThat(WorkCodec.decode(RequestCodec.encode(request), Instant.EPOCH))
        .isEqualTo(new Decoded.Valid(request));
    assertThat(decode(WorkCodec.unpacked(WorkCodec.encode(request), request)))
        .isEqualTo(new Decoded.Valid(request));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void damaged_work_is_work_or_invalid(
      @ForAll("requests") InferenceRequest request, @ForAll long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < DAMAGES; i++) {
      Decoded decoded = WorkCodec.decode(damage(WorkCodec.encode(request), random), Instant.EPOCH);
      if (decoded instanceof Decoded.Malformed malformed) {
        assertThat(malformed.failure().code().kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
      } else {
        InferenceRequest read = ((Decoded.Valid) decoded).request();
        assertThat(WorkCodec.decode(WorkCodec.encode(read), Instant.EPOCH)).isEqualTo(decoded);
      }
    }
  }

  private static Decoded decode(WireRecord record) {
    return RequestCodec.decode(record, Tier.STANDARD, Instant.EPOCH);
  }

  @Property(tries = 300)
  void outcome_is_decoded_as_it_was(@ForAll("outcomes") Outcome outcome) {
    assertThat(OutcomeCodec.decode(OutcomeCodec.encode(outcome))).isEqualTo(outcome);
    assertThat(OutcomeCodec.fromStored(OutcomeCodec.toStored(outcome))).isEqualTo(outcome);
  }

  @Property(tries = 300)
  void report_is_decoded_as_it_was(@ForAll("reports") DeviceReport report) {
    assertThat(DeviceReportCodec.decode(DeviceReportCodec.encode(report))).contains(report);
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void damaged_request_is_a_request_or_an_invalid_one(
      @ForAll("requests") InferenceRequest request, @ForAll long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < DAMAGES; i++) {
      WireRecord damaged = damage(RequestCodec.encode(request), random);
      assertRequestOrInvalid(random.nextBoolean() ? damage(damaged, random) : damaged);
    }
  }

  private static void assertRequestOrInvalid(WireRecord damaged) {
    Decoded decoded = RequestCodec.decode(damaged, Tier.STANDARD, Instant.MAX);
    if (decoded instanceof Decoded.Malformed malformed) {
      assertThat(malformed.failure().code().kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
      assertThat(malformed.failure().message()).isNotEmpty();
    } else {
      InferenceRequest read = ((Decoded.Valid) decoded).request();
      assertThat(decode(RequestCodec.encode(read))).isEqualTo(decoded);
    }
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void damaged_outcome_is_an_outcome_or_an_invalid_one(
      @ForAll("outcomes") Outcome outcome, @ForAll long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < DAMAGES; i++) {
      assertOutcomeOrInvalid(damage(OutcomeCodec.encode(outcome), random));
    }
  }

  private static void assertOutcomeOrInvalid(WireRecord damaged) {
    try {
      Outcome read = OutcomeCodec.decode(damaged);
      assertThat(OutcomeCodec.decode(OutcomeCodec.encode(read))).isEqualTo(read);
      assertThat(OutcomeCodec.fromStored(OutcomeCodec.toStored(read))).isEqualTo(read);
    } catch (FailureException e) {
      assertThat(e.failure().code().kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
    }
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void damaged_stored_outcome_is_an_outcome_or_an_invalid_one(
      @ForAll("outcomes") Outcome outcome, @ForAll long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < DAMAGES; i++) {
      assertStoredOrInvalid(damage(OutcomeCodec.toStored(outcome), random));
    }
  }

  private static void assertStoredOrInvalid(byte[] damaged) {
    try {
      Outcome read = OutcomeCodec.fromStored(damaged);
      assertThat(OutcomeCodec.fromStored(OutcomeCodec.toStored(read))).isEqualTo(read);
    } catch (FailureException e) {
      assertThat(e.failure().code().kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
    }
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void damaged_report_is_a_report_or_none(
      @ForAll("reports") DeviceReport report, @ForAll long seed) {
    Random random = new Random(seed);
    Map<String, String> hash = new HashMap<>(DeviceReportCodec.encode(report));
    List<String> fields = hash.keySet().stream().sorted().toList();
    String field = fields.get(random.nextInt(fields.size()));
    String value = hash.get(field);
    switch (random.nextInt(5)) {
      case 0 -> hash.remove(field);
      case 1 -> hash.put(field, "");
      case 2 -> hash.put(field, value.substring(random.nextInt(value.length() + 1)));
      case 3 -> hash.put(field, value.replaceAll("[0-9]", "9"));
      default -> hash.put(field, value.replace(':', ','));
    }
    DeviceReportCodec.decode(hash).ifPresent(r -> r.sentAt().toEpochMilli());
  }

  private static WireRecord damage(WireRecord r, Random random) {
    List<WireHeader> headers = new ArrayList<>(r.headers());
    int at = random.nextInt(headers.size());
    WireHeader h = headers.get(at);
    byte[] old = h.value() == null ? new byte[0] : h.value();
    switch (random.nextInt(10)) {
      case 0 -> headers.remove(at);
      case 1 -> headers.add(random.nextInt(headers.size()), h);
      case 2 -> headers.set(at, new WireHeader(h.name(), null));
      case 3 -> headers.set(at, new WireHeader(h.name(), new byte[0]));
      case 4, 5 -> headers.set(at, new WireHeader(h.name(), damage(old, random)));
      case 6 -> headers.set(at, WireHeader.of(h.name(), "x".repeat(5000)));
      case 7 -> headers.set(at, WireHeader.of(h.name(), odd(random)));
      case 8 -> {
        return new WireRecord(r.key(), headers, null);
      }
      default -> {
        return new WireRecord(null, headers, new byte[0]);
      }
    }
    return new WireRecord(r.key(), headers, r.value());
  }

  private static String odd(Random random) {
    String[] values = {
      "-1",
      "0",
      "99999999999999999999999",
      "NaN",
      "+999999999-12-31T23:59:59.999999999Z",
      "-999999999-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999999999Z",
      "2026-11-23T10:15:30+18:00",
      "null",
      "a,,b",
      ",",
      "{}",
      " ",
      "\u0000",
      "\ud83d\ude00",
      "headrace.work.x",
      "..",
      "2.0"
    };
    return values[random.nextInt(values.length)];
  }

  private static byte[] damage(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    byte[] damaged = bytes.clone();
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(3)) {
      case 0 -> damaged[at] = (byte) random.nextInt();
      case 1 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
      default -> damaged = Arrays.copyOf(bytes, at);
    }
    return damaged;
  }
}
