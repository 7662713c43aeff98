package dev.headrace.protocol.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.WellFormed;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Random values that are valid. */
public final class Values {
  private static final long LAST_SECOND = 253402300799L;

  private Values() {}

  /** Unicode text without control characters, of at least one character. */
  public static Arbitrary<String> text(int max) {
    return Arbitraries.strings().ofMinLength(1).ofMaxLength(max).map(WellFormed::of);
  }

  private static Arbitrary<String> name(int max) {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .withCharRange('A', 'Z')
        .numeric()
        .withChars("._-")
        .ofMinLength(1)
        .ofMaxLength(max);
  }

  private static Arbitrary<Instant> times() {
    return Combinators.combine(
            Arbitraries.longs().between(-62167219200L, LAST_SECOND),
            Arbitraries.of(0, 1, 1_000, 999_000_000, 999_999_999))
        .as((second, nano) -> Instant.ofEpochSecond(second, second == LAST_SECOND ? 0 : nano));
  }

  public static Arbitrary<Address> addresses() {
    return Combinators.combine(
            name(64),
            text(60),
            Arbitraries.of(true, false),
            name(60).map(t -> "replies-" + t).injectNull(0.5))
        .as(Address::new);
  }

  private static Arbitrary<TraceContext> traces() {
    return Combinators.combine(text(60).injectNull(0.5), text(200).injectNull(0.5))
        .as(TraceContext::new);
  }

  private static Arbitrary<Attempts> attempts() {
    Arbitrary<List<String>> types = name(20).list().ofMaxSize(5);
    return Combinators.combine(Arbitraries.integers().between(1, 1000), types, types)
        .as(Attempts::new);
  }

  private static Arbitrary<Assignment> assignments() {
    return Combinators.combine(name(64), name(64), text(30), name(64).injectNull(0.5))
        .as(Assignment::new);
  }

  public static Arbitrary<InferenceRequest> requests() {
    Arbitrary<InferenceRequest> base =
        Combinators.combine(
                addresses(),
                text(60),
                times(),
                name(100),
                Arbitraries.of(Task.class),
                Arbitraries.of(Tier.class),
                times(),
                name(64))
            .as(
                (address, source, time, model, task, tier, deadline, tenant) ->
                    new InferenceRequest(
                        address,
                        source,
                        time,
                        model,
                        task,
                        tier,
                        deadline,
                        tenant,
                        CacheMode.USE,
                        new Size(1, 1),
                        Attempts.FIRST,
                        null,
                        TraceContext.NONE,
                        Payload.inline(new byte[] {1}),
                        Terms.DEFAULT));
    return Combinators.combine(
            base,
            Arbitraries.of(CacheMode.class),
            Combinators.combine(
                    Arbitraries.integers().between(1, 100_000),
                    Arbitraries.longs().between(0, Integer.MAX_VALUE))
                .as(Size::new),
            attempts(),
            assignments().injectNull(0.5),
            traces(),
            Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(200).injectNull(0.2))
        .as(Values::complete)
        .flatMap(r -> terms().map(r::withTerms));
  }

  private static Arbitrary<Terms> terms() {
    return Combinators.combine(
            Arbitraries.of(AdmissionMode.class),
            Arbitraries.of(NumericPrecision.class).injectNull(0.5))
        .as(Terms::new);
  }

  /** A request for text always says how long that may become. */
  private static Size reckoned(Task task, Size size) {
    boolean generates = task == Task.CHAT_COMPLETIONS || task == Task.COMPLETIONS;
    return generates ? new Size(size.rows(), size.tokens(), 1 + size.tokens() / 2) : size;
  }

  private static InferenceRequest complete(
      InferenceRequest r,
      CacheMode cacheMode,
      Size size,
      Attempts attempts,
      Assignment assignment,
      TraceContext trace,
      byte[] body) {
    Payload payload =
        body == null
            ? Payload.byReference(RedisKeys.blob(r.address().client(), r.id()))
            : Payload.inline(body);
    return new InferenceRequest(
        r.address(),
        r.source(),
        r.time(),
        r.model(),
        r.task(),
        r.tier(),
        r.deadline(),
        r.tenant(),
        cacheMode,
        reckoned(r.task(), size),
        attempts,
        assignment,
        trace,
        payload,
        Terms.DEFAULT);
  }

  private static Arbitrary<Failure> failures() {
    return Combinators.combine(
            Arbitraries.of(ErrorCode.class), Arbitraries.strings().ofMaxLength(80))
        .as(Failure::new);
  }

  public static Arbitrary<Outcome> outcomes() {
    Arbitrary<String> detail =
        Arbitraries.strings()
            .withCharRange('a', 'z')
            .ofMinLength(1)
            .ofMaxLength(12)
            .map(n -> "x" + n);
    Arbitrary<Map<String, String>> details =
        Arbitraries.maps(detail, text(40).map(t -> t)).ofMaxSize(6);
    return Combinators.combine(
            addresses(),
            Arbitraries.of(Status.class),
            failures(),
            times(),
            text(40),
            details,
            Arbitraries.bytes().array(byte[].class).ofMaxSize(200),
            traces())
        .as(
            (address, status, failure, time, source, map, body, trace) ->
                new Outcome(
                    address,
                    status,
                    status == Status.FAILED ? failure : null,
                    time,
                    source,
                    map,
                    body,
                    trace));
  }

  private static Arbitrary<Double> amounts() {
    return Arbitraries.doubles().between(0, 1e12).ofScale(6);
  }

  public static Arbitrary<DeviceReport> reports() {
    Arbitrary<ServiceCurve> curves =
        Combinators.combine(
                amounts(), amounts(), amounts(), amounts(), Arbitraries.longs().greaterOrEqual(0))
            .as(ServiceCurve::new);
    Arbitrary<ModelReport> models =
        Combinators.combine(
                text(20),
                Arbitraries.of(Task.class).set(),
                curves,
                Arbitraries.doubles().between(1, 1e6))
            .as(ModelReport::new);
    Arbitrary<DeviceReport> base =
        Combinators.combine(
                text(40),
                text(20),
                text(20),
                amounts(),
                Arbitraries.of(WorkerState.class),
                Arbitraries.longs().between(0, LAST_SECOND).map(Instant::ofEpochSecond),
                Arbitraries.maps(text(30), models).ofMaxSize(4))
            .as(
                (worker, type, lane, price, state, sent, map) ->
                    new DeviceReport(
                        worker, type, lane, type + lane, price, state, sent, 0, 0, 0, 0, 0, map));
    return Combinators.combine(
            base,
            amounts(),
            amounts(),
            Arbitraries.longs().greaterOrEqual(0),
            Arbitraries.longs().greaterOrEqual(0),
            amounts())
        .as(
            (r, queued, running, memory, unused, busy) ->
                new DeviceReport(
                    r.workerId(),
                    r.deviceType(),
                    r.lane(),
                    r.group(),
                    r.usdPerHour(),
                    r.state(),
                    r.sentAt(),
                    queued,
                    running,
                    memory,
                    unused,
                    busy,
                    r.models()));
  }
}
