package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.sdk.internal.RequestIds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AdmissionTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123456Z");
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private final Admission admission = admission(Map.of());

  private static Admission admission(Map<String, String> settings) {
    InstantSource clock = InstantSource.fixed(NOW);
    return new Admission(
        "me", SdkConfig.read(Settings.of(settings)), clock, new RequestIds(clock, new Random(1)));
  }

  private InferenceRequest admit(Request request) {
    return admission.admit(request).request();
  }

  @Test
  void defaults_are_those_of_client_and_tier() {
    InferenceRequest admitted = admit(Request.embed("m", "text"));

    assertThat(admitted.address().client()).isEqualTo("me");
    assertThat(admitted.address().streamed()).isTrue();
    assertThat(admitted.address().replyTo()).isNull();
    assertThat(admitted.source()).isEqualTo("/headrace/clients/me");
    assertThat(admitted.tier()).isEqualTo(Tier.STANDARD);
    assertThat(admitted.time()).isEqualTo("2026-11-23T10:00:00.123Z");
    assertThat(admitted.deadline()).isEqualTo("2026-11-23T10:01:00.123Z");
    assertThat(admitted.tenant()).isEqualTo("default");
    assertThat(admitted.cacheMode()).isEqualTo(CacheMode.USE);
    assertThat(admitted.trace()).isEqualTo(TraceContext.NONE);
  }

  @Test
  void configured_tier_and_tenant_are_the_clients_defaults() {
    Admission other = admission(Map.of("sdk.tier", "economy", "sdk.tenant", "search"));

    InferenceRequest admitted = other.admit(Request.embed("m", "text")).request();

    assertThat(admitted.tier()).isEqualTo(Tier.ECONOMY);
    assertThat(admitted.deadline()).isEqualTo(admitted.time().plus(Duration.ofMinutes(10)));
    assertThat(admitted.tenant()).isEqualTo("search");
  }

  @Test
  void everything_that_is_set_travels() {
    Request request =
        Request.embed("m", "a", "b")
            .tier(Tier.PREMIUM)
            .deadline(Duration.ofSeconds(2))
            .replyTo("my.topic")
            .tenant("search")
            .traceparent(PARENT)
            .tracestate("vendor=1")
            .cache(CacheMode.BYPASS);

    InferenceRequest admitted = admit(request);

    assertThat(admitted.tier()).isEqualTo(Tier.PREMIUM);
    assertThat(admitted.deadline()).isEqualTo("2026-11-23T10:00:02.123Z");
    assertThat(admitted.address().replyTo()).isEqualTo("my.topic");
    assertThat(admitted.tenant()).isEqualTo("search");
    assertThat(admitted.trace()).isEqualTo(new TraceContext(PARENT, "vendor=1"));
    assertThat(admitted.cacheMode()).isEqualTo(CacheMode.BYPASS);
    assertThat(admitted.size().rows()).isEqualTo(2);
    assertThat(RequestCodec.decode(RequestCodec.encode(admitted), Tier.STANDARD, NOW))
        .isEqualTo(new Decoded.Valid(admitted));
  }

  @Test
  void later_of_two_forms_of_deadline_counts() {
    Instant at = NOW.plusSeconds(7);

    assertThat(
            admit(Request.embed("m", "t").deadline(Duration.ofSeconds(1)).deadline(at)).deadline())
        .isEqualTo(at);
    assertThat(
            admit(Request.embed("m", "t").deadline(at).deadline(Duration.ofSeconds(1))).deadline())
        .isEqualTo("2026-11-23T10:00:01.123Z");
  }

  @Test
  void classification_by_trained_labels_names_none() {
    byte[] body = admit(Request.classifyTrained("m", "t", "u")).payload().bytes();
    ClassificationsRequest read = ClassificationsRequest.parse(body, BodyLimits.DEFAULT);
    assertThat(read.labels()).isEmpty();
    assertThat(read.input()).containsExactly("t", "u");
  }

  @Test
  void bodies_are_what_a_worker_reads() {
    byte[] embed = admit(Request.embed("m", "a", "b").dimensions(8)).payload().bytes();
    byte[] classify =
        admit(Request.classify("m", Map.of("b", "about b", "a", "about a"), List.of("t")))
            .payload()
            .bytes();

    EmbeddingsRequest embedding = EmbeddingsRequest.parse(embed, BodyLimits.DEFAULT);
    assertThat(embedding.input()).containsExactly("a", "b");
    assertThat(embedding.dimensions()).isEqualTo(8);
    assertThat(ClassificationsRequest.parse(classify, BodyLimits.DEFAULT).labels())
        .extracting(label -> label.name() + ": " + label.description())
        .containsExactly("a: about a", "b: about b");
  }

  @Test
  void json_travels_as_it_is() {
    String body = "{ \"input\": [\"a\", \"b\"], \"model\": \"m\", \"user\": \"u\" }";

    InferenceRequest admitted = admit(Request.json(Task.EMBEDDINGS, body));

    assertThat(new String(admitted.payload().bytes(), StandardCharsets.UTF_8)).isEqualTo(body);
    assertThat(admitted.model()).isEqualTo("m");
    assertThat(admitted.size().rows()).isEqualTo(2);
  }

  @Test
  void texts_of_every_script_are_counted_in_utf8() {
    String text = "aé€😀";
    InferenceRequest admitted = admit(Request.embed("m", text.repeat(100)));

    long bytes = text.repeat(100).getBytes(StandardCharsets.UTF_8).length;
    assertThat(admitted.size().tokens()).isEqualTo(bytes / 4);
  }

  @Test
  void same_key_means_same_id_for_one_client_and_tenant() {
    Request request = Request.embed("m", "t").idempotencyKey("order-1");

    assertThat(admit(request).id()).isEqualTo(admit(request.tier(Tier.PREMIUM)).id());
    assertThat(admit(request).id()).isNotEqualTo(admit(request.tenant("other")).id());
    assertThat(admit(request).id()).isNotEqualTo(admit(request.idempotencyKey("order-2")).id());
    assertThat(admission.admit(request).idempotent()).isTrue();
    assertThat(admission.admit(Request.embed("m", "t")).idempotent()).isFalse();
  }

  @Test
  void request_is_a_template_that_does_not_change() {
    Request template = Request.embed("m", "t");
    Request premium = template.tier(Tier.PREMIUM);

    assertThat(admit(template).tier()).isEqualTo(Tier.STANDARD);
    assertThat(admit(premium).tier()).isEqualTo(Tier.PREMIUM);
  }

  @Test
  void list_that_changes_after_the_call_does_not_change_the_request() {
    List<String> texts = new ArrayList<>(List.of("a"));
    Request request = Request.embed("m", texts);
    texts.add("b");

    assertThat(admit(request).size().rows()).isEqualTo(1);
  }

  static Stream<Arguments> wrong() {
    Request ok = Request.embed("m", "t");
    List<String> many = Collections.nCopies(2049, "t");
    List<String> labels = IntStream.range(0, 257).mapToObj(i -> "l" + i).toList();
    return Stream.of(
        Arguments.of(Request.embed("", "t"), "model:  (expected: [A-Za-z0-9._/:@+-]{1,200})"),
        Arguments.of(Request.embed(null, "t"), "model: null (expected: "),
        Arguments.of(Request.embed("a b", "t"), "model: a b (expected: "),
        Arguments.of(Request.embed("m"), "texts: none (expected: at least one)"),
        Arguments.of(Request.embed("m", ""), "texts[0]: empty (expected: some text)"),
        Arguments.of(
            Request.embed("m", Arrays.asList("t", null)), "texts[1]: null (expected: some text)"),
        Arguments.of(Request.embed("m", many), "texts: 2049 (expected: at most 2048)"),
        Arguments.of(
            Request.embed("m", "x".repeat(1_000_001)),
            "texts[0]: 1000001 characters (expected: at most 1000000)"),
        Arguments.of(
            Request.embed("m", "a\ud83d"),
            "texts[0]: half a surrogate pair at 1 (expected: text that has a form in UTF-8)"),
        Arguments.of(ok.dimensions(-1), "dimensions: -1 (expected: >= 1, or 0 for all)"),
        Arguments.of(
            Request.classify("m", List.of("a"), "t"), "labels: 1 (expected: at least two)"),
        Arguments.of(
            Request.classify("m", List.of("a", "a"), "t"),
            "labels[1]: a for the second time (expected: unique names)"),
        Arguments.of(
            Request.classify("m", List.of("a", " "), "t"),
            "labels[1]: blank (expected: some text)"),
        Arguments.of(
            Request.classify("m", Map.of("a", "x", "b", ""), List.of("t")),
            "labels[1].description: empty (expected: some text)"),
        Arguments.of(Request.classify("m", labels, "t"), "labels: 257 (expected: at most 256)"),
        Arguments.of(Request.json(Task.EMBEDDINGS, "nonsense"), "body: bad JSON at line 1 column "),
        Arguments.of(
            Request.json(Task.EMBEDDINGS, new byte[] {(byte) 0xff}),
            "body: bytes that are not UTF-8 (expected: JSON in UTF-8)"),
        Arguments.of(
            Request.json(Task.CLASSIFICATIONS, "{\"model\":\"m\",\"input\":\"t\",\"labels\":[]}"),
            "labels: empty array (expected: an array of at least two labels)"),
        Arguments.of(
            Request.json(Task.EMBEDDINGS, "{\"model\":\"a b\",\"input\":\"t\"}"),
            "model: a b (expected: "),
        Arguments.of(
            ok.deadline(Duration.ZERO),
            "deadline: PT0S (expected: after 2026-11-23T10:00:00.123Z, by at most PT720H)"),
        Arguments.of(ok.deadline(Duration.ofSeconds(-1)), "deadline: PT-1S (expected: after "),
        Arguments.of(ok.deadline(Duration.ofSeconds(Long.MAX_VALUE)), "deadline: PT25"),
        Arguments.of(ok.deadline(NOW.minusSeconds(1)), "deadline: 2026-11-23T09:59:59.123456Z "),
        Arguments.of(ok.deadline(Instant.MAX), "deadline: +1000000000-12-31T23:59:59"),
        Arguments.of(ok.idempotencyKey(" "), "idempotencyKey: blank (expected: 1..256 "),
        Arguments.of(ok.idempotencyKey("a\nb"), "idempotencyKey: 3 characters (expected: "),
        Arguments.of(ok.idempotencyKey("k".repeat(257)), "idempotencyKey: 257 characters "),
        Arguments.of(ok.replyTo("a b"), "replyTo: a b (expected: "),
        Arguments.of(
            ok.replyTo("headrace.requests.standard"),
            "replyTo: headrace.requests.standard (expected: a topic of your own"),
        Arguments.of(ok.tenant("a/b"), "tenant: a/b (expected: "),
        Arguments.of(ok.traceparent("00-0-0-0"), "traceparent: 00-0-0-0 (expected: "),
        Arguments.of(ok.tracestate("a=1"), "tracestate: without traceparent (expected: both)"),
        Arguments.of(
            ok.traceparent(PARENT).tracestate("é"), "tracestate: 1 characters (expected: "));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("wrong")
  void wrong_request_is_refused_with_the_value_and_what_was_expected(
      Request request, String message) {
    assertThatThrownBy(() -> admission.admit(request))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void code_tells_too_large_from_wrong() {
    assertThatThrownBy(() -> admit(Request.embed("m", Collections.nCopies(2049, "t"))))
        .isInstanceOfSatisfying(
            InvalidRequestException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE));
    assertThatThrownBy(() -> admit(Request.json(Task.EMBEDDINGS, "[]")))
        .isInstanceOfSatisfying(
            InvalidRequestException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_BODY));
  }

  @Test
  void dimensions_are_for_embeddings_only() {
    assertThatThrownBy(() -> Request.classify("m", List.of("a", "b"), "t").dimensions(3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("dimensions: 3 (expected: only with embed)");
  }

  /** Whatever is let through is read by the router as it was meant. */
  @Test
  void whatever_is_admitted_can_be_decoded() {
    Random random = new Random(42);
    int admitted = 0;
    for (int i = 0; i < 5000; i++) {
      Request request = randomRequest(random);
      try {
        InferenceRequest made = admit(request);
        admitted++;
        assertThat(RequestCodec.decode(RequestCodec.encode(made), Tier.STANDARD, NOW))
            .isEqualTo(new Decoded.Valid(made));
        parse(made);
      } catch (InvalidRequestException e) {
        assertThat(e).hasMessageContaining("(expected: ");
      }
    }
    assertThat(admitted).isBetween(500, 4500);
  }

  private static void parse(InferenceRequest made) {
    if (made.task() == Task.EMBEDDINGS) {
      EmbeddingsRequest.parse(made.payload().bytes(), BodyLimits.DEFAULT);
    } else {
      ClassificationsRequest.parse(made.payload().bytes(), BodyLimits.DEFAULT);
    }
  }

  private static Request randomRequest(Random random) {
    List<String> texts =
        IntStream.range(0, 1 + random.nextInt(3)).mapToObj(i -> randomText(random, 20)).toList();
    String model = random.nextInt(10) == 0 ? randomText(random, 5) : "m-1";
    Request request =
        random.nextBoolean()
            ? Request.embed(model, texts)
            : Request.classify(model, List.of(randomText(random, 5), randomText(random, 5)), texts);
    if (random.nextInt(3) == 0) {
      request = request.deadline(Duration.ofMillis(random.nextInt(100_000) - 10_000));
    }
    if (random.nextInt(3) == 0) {
      request = request.idempotencyKey(randomText(random, 10));
    }
    if (random.nextInt(10) == 0) {
      request = request.replyTo(randomText(random, 4));
    }
    return random.nextInt(10) == 0 ? request.tenant(randomText(random, 4)) : request;
  }

  /** Mostly letters; some controls, quotes, other scripts and surrogates, paired or not. */
  private static String randomText(Random random, int max) {
    StringBuilder text = new StringBuilder();
    for (int left = random.nextInt(max + 1); left > 0; left--) {
      switch (random.nextInt(40)) {
        case 0 -> text.append((char) random.nextInt(0x20));
        case 1 -> text.append('"').append('\\');
        case 2 -> text.append((char) (0x80 + random.nextInt(0x3000)));
        case 3 -> text.appendCodePoint(0x1F600 + random.nextInt(50));
        case 4 ->
            text.append((char) (0xD800 + random.nextInt(random.nextInt(30) == 0 ? 0x800 : 1)));
        default -> text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }
}
