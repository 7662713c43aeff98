package dev.headrace.sdk;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.Aggregation;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.sdk.RequestContent.Classify;
import dev.headrace.sdk.RequestContent.ClassifyTokens;
import dev.headrace.sdk.RequestContent.ClassifyTrained;
import dev.headrace.sdk.RequestContent.Embed;
import dev.headrace.sdk.RequestContent.FillMask;
import dev.headrace.sdk.RequestContent.Generate;
import dev.headrace.sdk.RequestContent.Json;
import dev.headrace.sdk.RequestContent.Rerank;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * What to run and how. Immutable: each method returns another request, so one may serve as a
 * template. The values are checked when it is submitted.
 *
 * <pre>{@code
 * Request.embed("all-minilm-l6-v2", "A headrace brings water to the mill.")
 *     .tier(Tier.PREMIUM)
 *     .deadline(Duration.ofSeconds(2))
 *     .idempotencyKey("order-4711");
 * }</pre>
 */
public final class Request {
  private final RequestContent content;
  private final RequestOptions options;

  private Request(RequestContent content, RequestOptions options) {
    this.content = content;
    this.options = options;
  }

  private static Request of(RequestContent content) {
    return new Request(content, new RequestOptions());
  }

  /** One vector for each text. */
  public static Request embed(String model, String... texts) {
    return embed(model, Arrays.asList(texts));
  }

  /** One vector for each text. */
  public static Request embed(String model, List<String> texts) {
    return of(new Embed(model, new ArrayList<>(texts), 0, null));
  }

  /** One of the labels, with the scores of all, for each text. */
  public static Request classify(String model, List<String> labels, String... texts) {
    return classify(model, labels, Arrays.asList(texts));
  }

  /** One of the labels, with the scores of all, for each text. */
  public static Request classify(String model, List<String> labels, List<String> texts) {
    return of(Classify.named(model, labels, texts));
  }

  /**
   * One of the labels, with the scores of all, for each text.
   *
   * @param labels by name, a description of what belongs there; sent in the order of the names, so
   *     that equal maps are answered by the same cached result
   */
  public static Request classify(String model, Map<String, String> labels, List<String> texts) {
    return of(Classify.described(model, labels, texts));
  }

  /** One of the labels that the model was trained on, with the scores of all, for each text. */
  public static Request classifyTrained(String model, String... texts) {
    return classifyTrained(model, Arrays.asList(texts));
  }

  /** One of the labels that the model was trained on, with the scores of all, for each text. */
  public static Request classifyTrained(String model, List<String> texts) {
    return of(new ClassifyTrained(model, new ArrayList<>(texts)));
  }

  /** The documents in the order in which they answer the query, with a score for each. */
  public static Request rerank(String model, String query, List<String> documents) {
    return of(new Rerank(model, query, new ArrayList<>(documents), 0, false));
  }

  /** Names and the like in each text, by the labels that the model was trained on. */
  public static Request entities(String model, String... texts) {
    return entities(model, Arrays.asList(texts));
  }

  /** Names and the like in each text, by the labels that the model was trained on. */
  public static Request entities(String model, List<String> texts) {
    return of(new ClassifyTokens(model, new ArrayList<>(texts), Aggregation.SIMPLE));
  }

  /** Tokens that fit where the texts have the model's mask token, as {@code [MASK]}. */
  public static Request fillMask(String model, String... texts) {
    return fillMask(model, Arrays.asList(texts));
  }

  /** Tokens that fit where the texts have the model's mask token, as {@code [MASK]}. */
  public static Request fillMask(String model, List<String> texts) {
    return of(new FillMask(model, new ArrayList<>(texts), FillMaskRequest.DEFAULT_TOP_K));
  }

  /** The assistant's answer to a user. */
  public static Request chat(String model, String text) {
    return chat(model, List.of(ChatMessage.user(text)));
  }

  /** The assistant's next turn in a conversation. */
  public static Request chat(String model, List<ChatMessage> messages) {
    return generate(new ChatRequest(model, messages, GenerationOptions.DEFAULT));
  }

  /** Text that goes on with each prompt. */
  public static Request complete(String model, String... prompts) {
    List<CompletionRequest.Prompt> all = new ArrayList<>();
    for (String prompt : prompts) {
      all.add(new CompletionRequest.Text(prompt));
    }
    return generate(new CompletionRequest(model, all, GenerationOptions.DEFAULT));
  }

  /** Text, with all its options given. */
  public static Request generate(GenerationRequest request) {
    return of(new Generate(Objects.requireNonNull(request)));
  }

  /**
   * Most tokens of each text; the model's own limit when it is not set.
   *
   * @throws IllegalStateException as do the following, when this is no request for text made here
   */
  public Request maxTokens(int tokens) {
    return generating("maxTokens", o -> o.withMaxTokens(tokens));
  }

  /** 0 for the most likely token each time, up to 2; 1 when it is not set. */
  public Request temperature(double value) {
    return sampling("temperature", s -> s.withTemperature(value));
  }

  /** Makes the text repeatable. */
  public Request seed(long seed) {
    return sampling("seed", s -> s.withSeed(seed));
  }

  /** Texts before which the generated text ends. */
  public Request stop(String... texts) {
    return sampling("stop", s -> s.withStop(List.of(texts)));
  }

  /** How many texts for each prompt; 1 when it is not set. */
  public Request choices(int count) {
    return generating("choices", o -> o.withChoices(count));
  }

  /** Any way to choose tokens, in place of what was set before. */
  public Request sampling(Sampling sampling) {
    return sampling("sampling", s -> sampling);
  }

  private Request sampling(String what, UnaryOperator<Sampling> change) {
    return generating(what, o -> o.with(change.apply(o.sampling())));
  }

  private Request generating(String what, UnaryOperator<GenerationOptions> change) {
    return asking(content.as(Generate.class, what + ": set", "chat or complete").with(change));
  }

  /**
   * This request, its text streamed.
   *
   * @throws InvalidRequestException when it is no request for text
   */
  Request streamed() {
    return asking(content.streamed());
  }

  /** A body of the HTTP API as it is; it names the model. It is not copied: leave it unchanged. */
  public static Request json(Task task, byte[] body) {
    return of(new Json(Objects.requireNonNull(task, "task"), Objects.requireNonNull(body)));
  }

  /** A body of the HTTP API as it is; it names the model. */
  public static Request json(Task task, String body) {
    return json(task, body.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Keeps only the leading components of each vector, re-normalised.
   *
   * @throws IllegalStateException when this is no request for embeddings made here
   */
  public Request dimensions(int dimensions) {
    Embed embed = content.as(Embed.class, "dimensions: " + dimensions, "embed");
    return asking(new Embed(embed.model(), embed.texts(), dimensions, embed.prompt()));
  }

  /**
   * Puts one of the model's prompts before each text, as {@code query} or {@code document}; without
   * this its default, if it has one.
   *
   * @throws IllegalStateException when this is no request for embeddings made here
   */
  public Request prompt(String name) {
    Objects.requireNonNull(name, "name");
    Embed embed = content.as(Embed.class, "prompt: " + name, "embed");
    return asking(new Embed(embed.model(), embed.texts(), embed.dimensions(), name));
  }

  /**
   * Names only the best documents.
   *
   * @throws IllegalStateException when this is no request for a ranking made here
   */
  public Request topN(int count) {
    Rerank r = content.as(Rerank.class, "top n: " + count, "rerank");
    return asking(new Rerank(r.model(), r.query(), r.documents(), count, r.returnDocuments()));
  }

  /**
   * Lets the result repeat the documents.
   *
   * @throws IllegalStateException when this is no request for a ranking made here
   */
  public Request returnDocuments() {
    Rerank r = content.as(Rerank.class, "return documents", "rerank");
    return asking(new Rerank(r.model(), r.query(), r.documents(), r.topN(), true));
  }

  /**
   * How the labels of tokens become those of entities; {@link Aggregation#SIMPLE} without this.
   *
   * @throws IllegalStateException when this is no request for entities made here
   */
  public Request aggregation(Aggregation aggregation) {
    Objects.requireNonNull(aggregation, "aggregation");
    var tokens = content.as(ClassifyTokens.class, "aggregation: " + aggregation, "entities");
    return asking(new ClassifyTokens(tokens.model(), tokens.texts(), aggregation));
  }

  /**
   * Candidates for each mask; {@value FillMaskRequest#DEFAULT_TOP_K} without this.
   *
   * @throws IllegalStateException when this is no request to fill masks made here
   */
  public Request topK(int count) {
    FillMask fill = content.as(FillMask.class, "top k: " + count, "fillMask");
    return asking(new FillMask(fill.model(), fill.texts(), count));
  }

  /** The cost tier; the client's default when it is not set. */
  public Request tier(Tier tier) {
    return with(o -> o.tier = Objects.requireNonNull(tier, "tier"));
  }

  /** When the result is of no use any more, from the submission on; else the tier's default. */
  public Request deadline(Duration fromSubmission) {
    Objects.requireNonNull(fromSubmission, "fromSubmission");
    return with(
        o -> {
          o.within = fromSubmission;
          o.deadline = null;
        });
  }

  /** When the result is of no use any more. */
  public Request deadline(Instant at) {
    Objects.requireNonNull(at, "at");
    return with(
        o -> {
          o.deadline = at;
          o.within = null;
        });
  }

  /**
   * Requests of one client and tenant with the same key are one request: it runs once, and all get
   * its outcome, whatever else they say and also when it failed, for as long as outcomes are kept.
   * Over restarts this needs a fixed client id.
   */
  public Request idempotencyKey(String key) {
    return with(o -> o.idempotencyKey = Objects.requireNonNull(key, "key"));
  }

  /**
   * The Kafka topic that gets the outcome, in place of the common one. The future completes all the
   * same.
   */
  public Request replyTo(String topic) {
    return with(o -> o.replyTo = Objects.requireNonNull(topic, "topic"));
  }

  /** W3C trace context, passed on to router, workers and outcome. */
  public Request traceparent(String traceparent) {
    return with(o -> o.traceparent = Objects.requireNonNull(traceparent, "traceparent"));
  }

  /** W3C trace context, passed on to router, workers and outcome. */
  public Request tracestate(String tracestate) {
    return with(o -> o.tracestate = Objects.requireNonNull(tracestate, "tracestate"));
  }

  /**
   * Whether the result cache may answer. It may by default, unless text is asked for that would be
   * another each time: with a temperature over 0 and no seed.
   */
  public Request cache(CacheMode mode) {
    return with(o -> o.cacheMode = Objects.requireNonNull(mode, "mode"));
  }

  /** Who pays; the client's default when it is not set. */
  public Request tenant(String tenant) {
    return with(o -> o.tenant = Objects.requireNonNull(tenant, "tenant"));
  }

  /**
   * What becomes of it when no device can finish it before its deadline; it is tried all the same
   * by default. With {@link AdmissionMode#LATE} its future waits for an hour longer.
   */
  public Request admission(AdmissionMode mode) {
    return with(o -> o.admission = Objects.requireNonNull(mode, "mode"));
  }

  /** The least precision of the model that may run it; such requests are not cached. */
  public Request minPrecision(NumericPrecision least) {
    return with(o -> o.minPrecision = Objects.requireNonNull(least, "least"));
  }

  private Request asking(RequestContent other) {
    return new Request(other, options);
  }

  private Request with(Consumer<RequestOptions> change) {
    RequestOptions copy = options.copy();
    change.accept(copy);
    return new Request(content, copy);
  }

  RequestContent content() {
    return content;
  }

  RequestOptions options() {
    return options;
  }
}
