package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.testing.Samples;
import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.kafka.KafkaMessageFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

/** The official CloudEvents SDK reads our records, and we read its. */
class CloudEventsInteropTest {
  private static final Instant TIME = Instant.parse("2026-11-23T10:15:30.125Z");

  private static CloudEvent read(WireRecord record) {
    ProducerRecord<byte[], byte[]> kafka = Wire.toKafka("t", record);
    return KafkaMessageFactory.createReader(kafka.headers(), kafka.value()).toEvent();
  }

  private static WireRecord write(CloudEvent event) {
    ProducerRecord<Void, byte[]> kafka = KafkaMessageFactory.createWriter("t").writeBinary(event);
    List<WireHeader> headers = new ArrayList<>();
    for (Header header : kafka.headers()) {
      headers.add(new WireHeader(header.key(), header.value()));
    }
    return new WireRecord(null, headers, kafka.value());
  }

  @Test
  void our_request_is_an_event_to_the_sdk() {
    InferenceRequest request = Samples.request("app", "r1");
    CloudEvent event = read(RequestCodec.encode(request));

    assertThat(event.getSpecVersion()).isEqualTo(SpecVersion.V1);
    assertThat(event.getId()).isEqualTo("r1");
    assertThat(event.getType()).isEqualTo(RequestCodec.TYPE);
    assertThat(event.getSource()).isEqualTo(URI.create("/headrace/tests"));
    assertThat(event.getTime().toInstant()).isEqualTo(request.time());
    assertThat(event.getDataContentType()).isEqualTo("application/json");
    assertThat(event.getExtension("model")).isEqualTo("minilm");
    assertThat(event.getExtension("task")).isEqualTo("embeddings");
    assertThat(event.getExtension("deadline")).isEqualTo("2026-11-23T10:16:30Z");
    assertThat(event.getData().toBytes()).isEqualTo(request.payload().bytes());
  }

  @Test
  void our_outcomes_are_events_to_the_sdk() {
    Outcome ok = Samples.outcome("app", "r1", "{}");
    Outcome failed =
        Outcomes.failed(
            Samples.request("app", "r1"),
            new Failure(ErrorCode.UNKNOWN_MODEL, "model: a\u0000b \ud83d (expected: one of m)"),
            TIME,
            "/headrace/routers/1");
    assertThat(read(OutcomeCodec.encode(ok)).getExtension("status")).isEqualTo("OK");
    CloudEvent event = read(OutcomeCodec.encode(failed));

    assertThat(event.getType()).isEqualTo(OutcomeCodec.TYPE);
    assertThat(event.getExtension("errorcode")).isEqualTo("unknown_model");
    assertThat(event.getExtension("errormessage"))
        .isEqualTo("model: a b \ufffd (expected: one of m)");
    assertThat(read(OutcomeCodec.encodeByReference(ok, "key")).getExtension("dataref"))
        .isEqualTo("key");
  }

  @Test
  void every_attribute_that_we_write_has_a_name_that_cloudevents_allows() {
    InferenceRequest request =
        Samples.request("app", "r1")
            .retried(new Attempts(3, List.of("a"), List.of("a")))
            .assigned(new dev.headrace.protocol.Assignment("l", "d", "r", "k"));
    for (WireRecord record :
        List.of(RequestCodec.encode(request), OutcomeCodec.encode(Samples.outcome("c", "r", "")))) {
      assertThat(record.headers())
          .extracting(WireHeader::name)
          .filteredOn(name -> name.startsWith("ce_"))
          .allMatch(name -> name.matches("ce_[a-z0-9]{1,20}"));
    }
  }

  @Test
  void minimal_event_of_the_sdk_is_a_request() {
    CloudEvent event =
        CloudEventBuilder.v1()
            .withId("A234")
            .withSource(URI.create("https://example.com/cms"))
            .withType(RequestCodec.TYPE)
            .withExtension("model", "minilm")
            .withExtension("task", "embeddings")
            .withData("application/json", "{}".getBytes(StandardCharsets.UTF_8))
            .build();
    Decoded decoded = RequestCodec.decode(write(event), Tier.ECONOMY, TIME);

    InferenceRequest request = ((Decoded.Valid) decoded).request();
    assertThat(request.id()).isEqualTo("A234");
    assertThat(request.task()).isEqualTo(Task.EMBEDDINGS);
    assertThat(request.tier()).isEqualTo(Tier.ECONOMY);
    assertThat(request.time()).isEqualTo(TIME);
  }

  @Test
  void full_event_of_the_sdk_is_a_request() {
    OffsetDateTime time = OffsetDateTime.ofInstant(TIME, ZoneOffset.ofHours(2));
    CloudEvent event =
        CloudEventBuilder.v1()
            .withId("A234")
            .withSource(URI.create("/app"))
            .withType(RequestCodec.TYPE)
            .withTime(time)
            .withSubject("ignored")
            .withExtension("model", "minilm")
            .withExtension("task", "classifications")
            .withExtension("tier", "premium")
            .withExtension("client", "app-1")
            .withExtension("streamed", true)
            .withExtension("replyto", "answers")
            .withExtension("rows", 3)
            .withExtension("deadline", time.plusSeconds(3))
            .withExtension("theirown", "x")
            .withData("application/json", "{}".getBytes(StandardCharsets.UTF_8))
            .build();
    Decoded decoded = RequestCodec.decode(write(event), Tier.ECONOMY, Instant.EPOCH);

    InferenceRequest request = ((Decoded.Valid) decoded).request();
    assertThat(request.address()).isEqualTo(new Address("app-1", "A234", true, "answers"));
    assertThat(request.tier()).isEqualTo(Tier.PREMIUM);
    assertThat(request.time()).isEqualTo(TIME);
    assertThat(request.deadline()).isEqualTo(TIME.plusSeconds(3));
    assertThat(request.size().rows()).isEqualTo(3);
  }

  @Test
  void event_of_another_kind_or_version_is_told_apart() {
    CloudEvent other =
        CloudEventBuilder.v03()
            .withId("1")
            .withSource(URI.create("/app"))
            .withType(RequestCodec.TYPE)
            .build();
    Decoded decoded = RequestCodec.decode(write(other), Tier.ECONOMY, TIME);

    assertThat(((Decoded.Malformed) decoded).failure())
        .isEqualTo(new Failure(ErrorCode.UNSUPPORTED_EVENT, "ce_specversion: 0.3 (expected: 1.0)"));
  }
}
