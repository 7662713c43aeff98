package dev.headrace.transport.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Detail;
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
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/** Valid requests, outcomes and reports for tests that do not care about their details. */
public final class Samples {
  public static final Instant NOW = Instant.parse("2026-11-23T10:15:30Z");

  private Samples() {}

  /** An address on the client's reply stream. */
  public static Address address(String client, String id) {
    return new Address(client, id, true, null);
  }

  /** A request for an embedding of the id. */
  public static InferenceRequest request(String client, String id) {
    return new InferenceRequest(
        address(client, id),
        "/headrace/tests",
        NOW,
        "minilm",
        Task.EMBEDDINGS,
        Tier.STANDARD,
        NOW.plusSeconds(60),
        InferenceRequest.DEFAULT_TENANT,
        CacheMode.USE,
        new Size(1, 8),
        Attempts.FIRST,
        null,
        TraceContext.NONE,
        Payload.inline(body("{\"model\":\"minilm\",\"input\":\"" + id + "\"}")),
        Terms.DEFAULT);
  }

  /** The outcome of {@link #request} with this text as its body. */
  public static Outcome outcome(String client, String id, String text) {
    InferenceRequest request = request(client, id);
    return new Outcome(
        request.address(),
        Status.OK,
        null,
        NOW.plusSeconds(1),
        "/headrace/workers/w1",
        Outcomes.identity(request),
        body(text),
        TraceContext.NONE);
  }

  /** A worker that is ready. */
  public static DeviceReport report(String workerId) {
    ServiceCurve curve = new ServiceCurve(0.001, 1e-5, 1e-9, 0.05, 100);
    return new DeviceReport(
        workerId,
        "cpu-fp32",
        "cpu-fp32",
        "headrace.work.cpu-fp32",
        0.5,
        WorkerState.READY,
        NOW,
        1.5,
        0.25,
        1L << 30,
        0,
        0.75,
        Map.of("minilm", new ModelReport("r1", Set.of(Task.EMBEDDINGS), curve, 8)));
  }

  /** Whether an outcome says that it came from the cache, from another request, or was run. */
  public static String cache(Outcome outcome) {
    String cache = outcome.detail(Detail.CACHE);
    return cache == null ? "" : cache;
  }

  private static byte[] body(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
