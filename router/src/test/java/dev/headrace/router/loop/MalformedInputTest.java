package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes in a tier's topic ends in its outcome or dead letter, and the loop lives. */
class MalformedInputTest {
  private static final String TOPIC = Topics.requests(Tier.STANDARD);

  private final LoopRig rig = new LoopRig();

  @BeforeEach
  void start() {
    rig.beat(heartbeat("w1", "lane"));
    rig.turns(3);
  }

  private static WireRecord valid() {
    return RequestCodec.encode(request("bad").build());
  }

  private static WireRecord with(String header, byte @Nullable [] value) {
    return valid().with(List.of(new WireHeader(header, value)));
  }

  private static WireRecord with(String header, String value) {
    return valid().with(List.of(WireHeader.of(header, value)));
  }

  private static WireRecord without(String header) {
    return new WireRecord(
        valid().key(),
        valid().headers().stream().filter(h -> !h.name().equals(header)).toList(),
        valid().value());
  }

  private static WireRecord twice(String header, String value) {
    List<WireHeader> headers = new ArrayList<>(valid().headers());
    headers.add(WireHeader.of(header, value));
    return new WireRecord(valid().key(), headers, valid().value());
  }

  private static WireRecord valued(byte @Nullable [] value) {
    return new WireRecord(valid().key(), valid().headers(), value);
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        Arguments.of("null value", valued(null), ErrorCode.INVALID_BODY),
        Arguments.of("empty value", valued(new byte[0]), ErrorCode.INVALID_BODY),
        Arguments.of("no model", without("ce_model"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("no task", without("ce_task"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("no version", without("ce_specversion"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("no type", without("ce_type"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("no source", without("ce_source"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("unknown version", with("ce_specversion", "2.0"), ErrorCode.UNSUPPORTED_EVENT),
        Arguments.of("unknown type", with("ce_type", "a.b.c"), ErrorCode.UNSUPPORTED_EVENT),
        Arguments.of("unknown task", with("ce_task", "dance"), ErrorCode.UNKNOWN_TASK),
        Arguments.of("unknown tier", with("ce_tier", "gold"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("rows no number", with("ce_rows", "many"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("rows negative", with("ce_rows", "-1"), ErrorCode.MALFORMED_EVENT),
        Arguments.of(
            "tokens too many", with("ce_tokens", "9".repeat(30)), ErrorCode.MALFORMED_EVENT),
        Arguments.of("attempt 0", with("ce_attempt", "0"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("deadline no time", with("ce_deadline", "soon"), ErrorCode.MALFORMED_EVENT),
        Arguments.of(
            "year 10000", with("ce_time", "+10000-01-01T00:00:00Z"), ErrorCode.MALFORMED_EVENT),
        Arguments.of(
            "year -1", with("ce_deadline", "-0001-01-01T00:00:00Z"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("doubled model", twice("ce_model", "x"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("doubled id", twice("ce_id", "other"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("null header", with("ce_model", (byte[]) null), ErrorCode.MALFORMED_EVENT),
        Arguments.of(
            "no UTF-8", with("ce_model", new byte[] {(byte) 0xff}), ErrorCode.MALFORMED_EVENT),
        Arguments.of("long header", with("ce_model", "m".repeat(5000)), ErrorCode.MALFORMED_EVENT),
        Arguments.of("odd model", with("ce_model", "a b"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("odd excluded", with("ce_excluded", "a,,b"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("odd reply topic", with("ce_replyto", "a/b"), ErrorCode.MALFORMED_EVENT),
        Arguments.of("other's blob", with("ce_dataref", "x"), ErrorCode.MALFORMED_EVENT));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("malformed")
  void malformed_record_gets_a_failed_outcome_and_a_dead_letter(
      String name, WireRecord record, ErrorCode code) {
    rig.publish(TOPIC, record);
    rig.turns(5);
    Outcome outcome = rig.outcome("bad");
    assertThat(outcome).as(name).isNotNull();
    assertThat(outcome.status()).isEqualTo(Status.FAILED);
    assertThat(outcome.failure().code()).isEqualTo(code);
    assertThat(outcome.failure().message()).contains("expected").contains(TOPIC + "-0@0");
    assertDeadLetter(record, code);
    assertTheLoopLives();
  }

  private void assertDeadLetter(WireRecord record, ErrorCode code) {
    assertThat(rig.deadLetters()).hasSize(1);
    WireRecord letter = rig.deadLetters().get(0);
    assertThat(letter.key()).isEqualTo(record.key());
    assertThat(letter.value()).isEqualTo(record.value());
    assertThat(letter.headers()).containsAll(record.headers());
    assertThat(letter.text(DeadLetter.ERROR_CODE)).isEqualTo(code.wireId());
    assertThat(letter.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo(TOPIC);
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_OFFSET, -1)).isZero();
  }

  private void assertTheLoopLives() {
    rig.publish(request("good").at(rig.clock.instant()).build());
    rig.turns(5);
    assertThat(rig.workIds("lane")).contains("good");
    assertThat(rig.consumer.unacknowledged()).isZero();
    assertThat(rig.loop.inFlight()).isZero();
  }

  static Stream<Arguments> anonymous() {
    return Stream.of(
        Arguments.of("no headers", new WireRecord(null, List.of(), new byte[] {1})),
        Arguments.of("nothing", new WireRecord(null, List.of(), null)),
        Arguments.of("no id", without("ce_id")),
        Arguments.of("control characters", with("ce_id", "a\nb")),
        Arguments.of("long id", with("ce_id", "x".repeat(300))),
        Arguments.of("odd client", with("ce_client", "a b")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("anonymous")
  void record_that_does_not_say_whose_it_is_becomes_a_dead_letter(String name, WireRecord record) {
    rig.publish(TOPIC, record);
    rig.turns(5);
    assertDeadLetter(record, ErrorCode.MALFORMED_EVENT);
    assertThat(rig.outcomes.outcomes()).as(name).isEmpty();
    assertTheLoopLives();
  }

  @Test
  void deadline_in_the_past_expires() {
    rig.publish(TOPIC, with("ce_deadline", "0000-01-01T00:00:00Z"));
    rig.turns(5);
    assertThat(rig.outcome("bad").status()).isEqualTo(Status.EXPIRED);
    assertTheLoopLives();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"})
  void times_at_both_ends_of_what_can_be_written_do_no_harm(String time) {
    List<WireHeader> headers = new ArrayList<>(without("ce_deadline").headers());
    headers.removeIf(h -> h.name().equals("ce_time"));
    headers.add(WireHeader.of("ce_time", time));
    rig.publish(TOPIC, new WireRecord(null, headers, valid().value()));
    rig.publish(
        TOPIC, with("ce_deadline", "9999-12-31T23:59:59Z").with(List.of(id("far deadline"))));
    rig.turns(5);
    assertThat(rig.workIds("lane").contains("bad") || rig.outcome("bad") != null).isTrue();
    assertThat(rig.workIds("lane")).contains("far deadline");
    assertTheLoopLives();
  }

  private static WireHeader id(String id) {
    return WireHeader.of("ce_id", id);
  }

  @Test
  void body_is_the_workers_business_be_it_no_json_or_huge() {
    rig.publish(TOPIC, valued(new byte[] {'{', (byte) 0xff}));
    rig.publish(TOPIC, valued(new byte[900_000]));
    rig.turns(5);
    assertThat(rig.workIds("lane")).hasSize(2);
    assertTheLoopLives();
  }

  @Test
  void dead_letter_that_comes_back_keeps_its_first_origin() {
    WireRecord record =
        without("ce_model")
            .with(
                DeadLetter.headers(
                    new DeadLetter.Origin("first", 3, 42, 7, "g"),
                    new dev.headrace.protocol.Failure(ErrorCode.INTERNAL_ERROR, "before"),
                    1,
                    List.of()));
    rig.publish(Topics.retry(Duration.ofMillis(200)), record);
    rig.run(Duration.ofMillis(300));
    WireRecord letter = rig.deadLetters().get(0);
    assertThat(letter.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo("first");
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_PARTITION, -1)).isEqualTo(3);
    assertThat(DeadLetter.number(letter, DeadLetter.ORIGINAL_OFFSET, -1)).isEqualTo(42);
    assertThat(letter.text(DeadLetter.ERROR_CODE)).isEqualTo("malformed_event");
  }

  /** Valid records with some of their bytes changed, headers lost, doubled or swapped. */
  @Test
  void no_record_however_mangled_ends_the_loop_or_is_lost() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 3000; i++) {
      rig.publish(TOPIC, mangled(random));
      if (i % 10 == 0) {
        rig.turns(1);
      }
    }
    rig.run(Duration.ofSeconds(120));
    assertThat(rig.consumer.unacknowledged()).as("seed %d", seed).isZero();
    assertThat(rig.loop.inFlight()).as("seed %d", seed).isZero();
  }

  private static WireRecord mangled(Random random) {
    List<WireHeader> headers = new ArrayList<>(valid().headers());
    for (int n = random.nextInt(3); n >= 0; n--) {
      int at = random.nextInt(headers.size());
      WireHeader header = headers.get(at);
      byte[] value = header.value() == null ? new byte[0] : header.value().clone();
      switch (random.nextInt(5)) {
        case 0 -> headers.remove(at);
        case 1 -> headers.add(header);
        case 2 -> headers.set(at, new WireHeader(header.name(), null));
        case 3 -> headers.set(at, headers.get(random.nextInt(headers.size())));
        default -> {
          if (value.length > 0) {
            value[random.nextInt(value.length)] = (byte) random.nextInt(256);
          }
          headers.set(at, new WireHeader(header.name(), value));
        }
      }
    }
    return new WireRecord(valid().key(), headers, valid().value());
  }
}
