package dev.headrace.policy.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.TraceContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Requests for tests: one text of 100 tokens for model m, at the epoch's 1,000,000th second. */
public final class RequestBuilder {
  public static final Instant START = Instant.ofEpochSecond(1_000_000);

  private final String id;
  private Instant time = START;
  private String model = "m";
  private Task task = Task.EMBEDDINGS;
  private Tier tier = Tier.STANDARD;
  private Duration deadline = Duration.ofSeconds(60);
  private CacheMode cacheMode = CacheMode.BYPASS;
  private Size size = new Size(1, 100);
  private Attempts attempts = Attempts.FIRST;
  private String text;
  private Payload payload;
  private String tenant = InferenceRequest.DEFAULT_TENANT;

  private RequestBuilder(String id) {
    this.id = id;
    this.text = id;
  }

  public static RequestBuilder request(String id) {
    return new RequestBuilder(id);
  }

  public RequestBuilder at(Instant submitted) {
    this.time = submitted;
    return this;
  }

  public RequestBuilder model(String name) {
    this.model = name;
    return this;
  }

  public RequestBuilder task(Task asked) {
    this.task = asked;
    return this;
  }

  public RequestBuilder tier(Tier asked) {
    this.tier = asked;
    return this;
  }

  /** Time to the deadline. */
  public RequestBuilder within(Duration span) {
    this.deadline = span;
    return this;
  }

  public RequestBuilder size(int rows, long tokens) {
    this.size = new Size(rows, tokens);
    return this;
  }

  public RequestBuilder size(Size asked) {
    this.size = asked;
    return this;
  }

  public RequestBuilder tenant(String name) {
    this.tenant = name;
    return this;
  }

  public RequestBuilder excluding(String... deviceTypes) {
    this.attempts = new Attempts(2, List.of(deviceTypes), List.of(deviceTypes));
    return this;
  }

  public RequestBuilder attempt(int number) {
    this.attempts = new Attempts(number, List.of(), List.of());
    return this;
  }

  /** May be answered together with requests of the same text. */
  public RequestBuilder cached(String sharedText) {
    this.cacheMode = CacheMode.USE;
    this.text = sharedText;
    return this;
  }

  public RequestBuilder payload(Payload other) {
    this.payload = other;
    return this;
  }

  public InferenceRequest build() {
    Payload inline =
        Payload.inline(("{\"input\":\"" + text + "\"}").getBytes(StandardCharsets.UTF_8));
    return new InferenceRequest(
        new Address("c1", id, true, null),
        "/tests",
        time,
        model,
        task,
        tier,
        time.plus(deadline),
        tenant,
        cacheMode,
        size,
        attempts,
        null,
        TraceContext.NONE,
        payload == null ? inline : payload,
        Terms.DEFAULT);
  }
}
