package dev.headrace.worker.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.protocol.naming.CacheKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes requests for tests. */
public final class Requests {
  public static final String CLIENT = "client";
  public static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private final String id;
  private Task task = Task.EMBEDDINGS;
  private Tier tier = Tier.STANDARD;
  private String model = "words";
  private Instant time = START;
  private Duration slack = Duration.ofMinutes(1);
  private Attempts attempts = Attempts.FIRST;
  private Payload payload = Payload.inline(new byte[] {'{', '}'});
  private boolean routed = true;
  private boolean cached;

  private Requests(String id) {
    this.id = id;
  }

  /** A request with an empty object as its body. */
  public static Requests request(String id) {
    return new Requests(id);
  }

  /** A request for the vectors of these texts. */
  public static Requests embeddings(String id, String... texts) {
    return new Requests(id).body(EmbeddingsRequest.of("words", List.of(texts)).encode());
  }

  /** A request for the label of a text. */
  public static Requests classification(String id, String text, String... labels) {
    List<Label> all = Arrays.stream(labels).map(l -> new Label(l, l)).toList();
    Requests r = new Requests(id);
    r.task = Task.CLASSIFICATIONS;
    return r.body(new ClassificationsRequest("words", List.of(text), all).encode());
  }

  public Requests body(byte[] body) {
    payload = Payload.inline(body);
    return this;
  }

  public Requests payload(Payload other) {
    payload = other;
    return this;
  }

  /** The greedy completion of one prompt, submitted now, by the model "gen" that is due in time. */
  public static Requests completion(String id, int tokens) {
    CompletionRequest body =
        new CompletionRequest(
            "gen",
            List.of(new CompletionRequest.Text("once")),
            GenerationOptions.DEFAULT.with(Sampling.GREEDY).withMaxTokens(tokens));
    return request(id)
        .model("gen")
        .task(Task.COMPLETIONS)
        .body(body.encode())
        .time(Instant.now())
        .slack(Duration.ofMinutes(5));
  }

  public Requests task(Task other) {
    task = other;
    return this;
  }

  public Requests tier(Tier other) {
    tier = other;
    return this;
  }

  public Requests model(String other) {
    model = other;
    return this;
  }

  public Requests time(Instant other) {
    time = other;
    return this;
  }

  /** Time from submission to deadline. */
  public Requests slack(Duration other) {
    slack = other;
    return this;
  }

  public Requests attempts(Attempts other) {
    attempts = other;
    return this;
  }

  public Requests unrouted() {
    routed = false;
    return this;
  }

  /** It leads for the cache, with the key of revision r1. */
  public Requests leading() {
    cached = true;
    return this;
  }

  public @Nullable String cacheKey() {
    return cached ? CacheKey.of(model, "r1", task, payload.bytes()) : null;
  }

  public InferenceRequest build() {
    return new InferenceRequest(
        new Address(CLIENT, id, true, null),
        "/test",
        time,
        model,
        task,
        tier,
        time.plus(slack),
        "default",
        CacheMode.USE,
        Size.ofBytes(1, payload.bytes().length),
        attempts,
        routed ? new Assignment("lane", "type", "cheapest_in_time", cacheKey()) : null,
        TraceContext.NONE,
        payload,
        Terms.DEFAULT);
  }

  /** As any program may put it into a work topic. */
  public WireRecord cloudEvent() {
    return RequestCodec.encode(build());
  }

  /** As the router sends it. */
  public WireRecord record() {
    return WorkCodec.encode(build());
  }
}
