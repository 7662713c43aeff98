package dev.headrace.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.protocol.testing.Golden;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The bytes of every record on the wire. A change here breaks programs that run already. */
class GoldenRecordsTest {
  private static final Instant TIME = Instant.parse("2026-11-23T10:15:30.125Z");
  private static final String BODY = "{\"model\":\"minilm\",\"input\":\"caf\u00e9\"}";
  private static final DeadLetter.Origin ORIGIN =
      new DeadLetter.Origin(
          "headrace.requests.standard", 3, 4_000_000_123L, TIME.toEpochMilli(), "headrace.router");

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static InferenceRequest minimal() {
    return new InferenceRequest(
        new Address("app-1", "r-1", false, null),
        "/shop/search",
        TIME,
        "minilm",
        Task.EMBEDDINGS,
        Tier.STANDARD,
        TIME.plusSeconds(60),
        InferenceRequest.DEFAULT_TENANT,
        CacheMode.USE,
        new Size(1, 9),
        Attempts.FIRST,
        null,
        TraceContext.NONE,
        Payload.inline(utf8(BODY)),
        Terms.DEFAULT);
  }

  private static InferenceRequest full() {
    return new InferenceRequest(
        new Address("app-1", "r-2", true, "shop.embeddings"),
        "/shop/search",
        TIME,
        "org/minilm:v2",
        Task.CLASSIFICATIONS,
        Tier.PREMIUM,
        TIME.plusSeconds(5),
        "team-a",
        CacheMode.BYPASS,
        new Size(3, 120),
        new Attempts(3, List.of("cpu-int8", "nvidia-t4"), List.of("nvidia-t4")),
        null,
        new TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=x"),
        Payload.inline(utf8(BODY)),
        Terms.DEFAULT);
  }

  private static InferenceRequest byReference() {
    return minimal().withPayload(Payload.byReference(RedisKeys.blob("app-1", "r-1")));
  }

  private static InferenceRequest work() {
    return full().assigned(new Assignment("gpu", "nvidia-h200", "cheapest_in_time", "0123abcd"));
  }

  private static Outcome ok() {
    Map<String, String> details = new LinkedHashMap<>(Outcomes.identity(work()));
    details.put(Detail.REVISION, "r9");
    details.put(Detail.WORKER, "w-7");
    details.put(Detail.CACHE, "miss");
    details.put(Detail.QUEUE_MS, "12.5");
    details.put(Detail.SERVICE_MS, "1.25");
    details.put(Detail.USD, "0.0000012");
    details.put(Detail.TOKENS, "118");
    return new Outcome(
        full().address(),
        Status.OK,
        null,
        TIME.plusMillis(80),
        "/headrace/workers/w-7",
        details,
        utf8("{\"object\":\"list\",\"data\":[]}"),
        full().trace());
  }

  private static Outcome failed() {
    Failure failure = new Failure(ErrorCode.OUT_OF_MEMORY, "batch: 64 rows (expected: at most 32)");
    return Outcomes.failed(minimal(), failure, TIME.plusSeconds(2), "/headrace/workers/w-7");
  }

  private static DeviceReport report() {
    ServiceCurve curve = new ServiceCurve(0.0021, 1.25e-5, 3e-10, 0.04, 812);
    return new DeviceReport(
        "w-7",
        "nvidia-h200",
        "gpu",
        "headrace.share.gpu",
        3.5,
        WorkerState.READY,
        TIME,
        1.5,
        0.125,
        140_000_000_000L,
        0,
        0.82,
        Map.of(
            "minilm",
            new ModelReport("r9", Set.of(Task.EMBEDDINGS, Task.CLASSIFICATIONS), curve, 31.5)));
  }

  private static void assertRequest(String name, InferenceRequest request) {
    Golden.assertRecord(name, RequestCodec.encode(request));
    assertThat(RequestCodec.decode(Golden.record(name), Tier.ECONOMY, Instant.EPOCH))
        .isEqualTo(new Decoded.Valid(request));
  }

  private static void assertOutcome(String name, Outcome outcome) {
    Golden.assertRecord(name, OutcomeCodec.encode(outcome));
    assertThat(OutcomeCodec.decode(Golden.record(name))).isEqualTo(outcome);
  }

  @Test
  void requests() {
    assertRequest("request-minimal", minimal());
    assertRequest("request-full", full());
    assertRequest("request-by-reference", byReference());
  }

  @Test
  void work_for_a_lane() {
    Golden.assertRecord("work", WorkCodec.encode(work()));
    assertThat(WorkCodec.decode(Golden.record("work"), Instant.EPOCH))
        .isEqualTo(new Decoded.Valid(work()));
  }

  @Test
  void request_of_any_cloudevents_producer_is_read_with_defaults() {
    Decoded decoded =
        RequestCodec.decode(Golden.record("request-foreign"), Tier.ECONOMY, TIME.plusMillis(7));

    InferenceRequest request = ((Decoded.Valid) decoded).request();
    assertThat(request.address())
        .isEqualTo(new Address("source-d47cee8faf12027e", "A234-1234", false, null));
    assertThat(request.tier()).isEqualTo(Tier.ECONOMY);
    assertThat(request.time()).isEqualTo(TIME.plusMillis(7));
    assertThat(request.deadline()).isEqualTo(TIME.plusMillis(7).plusSeconds(600));
    assertThat(request.tenant()).isEqualTo("default");
    assertThat(request.size()).isEqualTo(new Size(1, 8));
    assertThat(request.attempts()).isEqualTo(Attempts.FIRST);
  }

  @Test
  void outcomes() {
    assertOutcome("outcome-ok", ok());
    assertOutcome("outcome-failed", failed());
    assertOutcome(
        "outcome-expired",
        Outcomes.expired(minimal(), TIME.plusSeconds(61), "/headrace/routers/r1"));
    assertOutcome(
        "outcome-cancelled", Outcomes.cancelled(minimal().address(), TIME, "/headrace/sdk/app-1"));
  }

  @Test
  void outcome_by_reference() {
    String key = RedisKeys.result("app-1", "r-2");
    Golden.assertRecord("outcome-by-reference", OutcomeCodec.encodeByReference(ok(), key));

    WireRecord record = Golden.record("outcome-by-reference");
    assertThat(OutcomeCodec.reference(record)).isEqualTo(key);
    assertThat(OutcomeCodec.decode(record).details()).isEqualTo(ok().details());
    assertThat(OutcomeCodec.decode(record).body()).isEmpty();
  }

  @Test
  void stored_outcome() {
    Golden.assertBytes("stored-outcome", OutcomeCodec.toStored(ok()));
    assertThat(OutcomeCodec.fromStored(Golden.bytes("stored-outcome"))).isEqualTo(ok());
  }

  @Test
  void dead_letter() {
    Failure failure = new Failure(ErrorCode.ATTEMPTS_EXHAUSTED, "attempts: 3 (expected: <= 3)");
    List<WireHeader> headers =
        DeadLetter.headers(ORIGIN, failure, 3, List.of("cpu-int8", "nvidia-t4"));
    Golden.assertRecord("dead-letter", RequestCodec.encode(full()).with(headers));

    WireRecord record = Golden.record("dead-letter");
    assertThat(DeadLetter.text(record, DeadLetter.ERROR_CODE, "")).isEqualTo("attempts_exhausted");
    assertThat(DeadLetter.number(record, DeadLetter.ORIGINAL_OFFSET, -1)).isEqualTo(4_000_000_123L);
    assertThat(RequestCodec.decode(record, Tier.STANDARD, TIME))
        .isEqualTo(new Decoded.Valid(full()));
  }

  @Test
  void retry() {
    long due = TIME.plusSeconds(1).toEpochMilli();
    WireRecord sent =
        RequestCodec.encode(full()).with(DeadLetter.retryHeaders(3, due, TIME.toEpochMilli()));
    Golden.assertRecord("retry", sent);

    WireRecord record = Golden.record("retry");
    assertThat(DeadLetter.number(record, DeadLetter.RETRY_AT, -1)).isEqualTo(due);
    assertThat(DeadLetter.number(record, DeadLetter.RETRY_ATTEMPTS, -1)).isEqualTo(3);
  }

  @Test
  void heartbeat() {
    Golden.assertHash("heartbeat", DeviceReportCodec.encode(report()));
    assertThat(DeviceReportCodec.decode(Golden.hash("heartbeat"))).contains(report());
  }
}
