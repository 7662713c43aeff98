package dev.headrace.sdk;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.Aggregation;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.body.Sampling;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

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
  private final Content content;
  private final Options options;

  private Request(Content content, Options options) {
    this.content = content;
    this.options = options;
  }

  /** What is asked. */
  sealed interface Content {
    record Embed(String model, List<String> texts, int dimensions, @Nullable String prompt)
        implements Content {}

    record Classify(String model, List<Label> labels, List<String> texts) implements Content {}

    record ClassifyTrained(String model, List<String> texts) implements Content {}

    record Rerank(
        String model, String query, List<String> documents, int topN, boolean returnDocuments)
        implements Content {}

    record ClassifyTokens(String model, List<String> texts, Aggregation aggregation)
        implements Content {}

    record FillMask(String model, List<String> texts, int topK) implements Content {}

    record Generate(GenerationRequest request) implements Content {}

    @SuppressWarnings("ArrayRecordComponent") // never compared; copying bodies costs
    record Json(Task task, byte[] body) implements Content {}
  }

  /** Everything else; null means the client's or the tier's default. Not changed once in use. */
  static final class Options {
    @Nullable Tier tier;
    @Nullable Duration within;
    @Nullable Instant deadline;
    @Nullable String idempotencyKey;
    @Nullable String replyTo;
    @Nullable String traceparent;
    @Nullable String tracestate;
    @Nullable String tenant;
    @Nullable CacheMode cacheMode;
    AdmissionMode admission = AdmissionMode.BEST_EFFORT;
    @Nullable NumericPrecision minPrecision;

    private Options copy() {
      Options copy = new Options();
      copy.tier = tier;
      copy.within = within;
      copy.deadline = deadline;
      copy.idempotencyKey = idempotencyKey;
      copy.replyTo = replyTo;
      copy.traceparent = traceparent;
      copy.tracestate = tracestate;
      copy.tenant = tenant;
      copy.cacheMode = cacheMode;
      copy.admission = admission;
      copy.minPrecision = minPrecision;
      return copy;
    }
  }

  /** One vector for each text. */
  public static Request embed(String model, String... texts) {
    return embed(model, Arrays.asList(texts));
  }

  /** One vector for each text. */
  public static Request embed(String model, List<String> texts) {
    return new Request(new Content.Embed(model, new ArrayList<>(texts), 0, null), new Options());
  }

  /** One of the labels, with the scores of all, for each text. */
  public static Request classify(String model, List<String> labels, String... texts) {
    return classify(model, labels, Arrays.asList(texts));
  }

  /** One of the labels, with the scores of all, for each text. */
  public static Request classify(String model, List<String> labels, List<String> texts) {
    List<Label> named = new ArrayList<>();
    labels.forEach(name -> named.add(new Label(name, name)));
    return new Request(new Content.Classify(model, named, new ArrayList<>(texts)), new Options());
  }

  /**
   * One of the labels, with the scores of all, for each text.
   *
   * @param labels by name, a description of what belongs there; sent in the order of the names, so
   *     that equal maps are answered by the same cached result
   */
  public static Request classify(String model, Map<String, String> labels, List<String> texts) {
    List<Label> described = new ArrayList<>();
    new TreeMap<>(labels).forEach((name, text) -> described.add(new Label(name, text)));
    return new Request(
        new Content.Classify(model, described, new ArrayList<>(texts)), new Options());
  }

  /** One of the labels that the model was trained on, with the scores of all, for each text. */
  public static Request classifyTrained(String model, String... texts) {
    return classifyTrained(model, Arrays.asList(texts));
  }

  /** One of the labels that the model was trained on, with the scores of all, for each text. */
  public static Request classifyTrained(String model, List<String> texts) {
    return new Request(new Content.ClassifyTrained(model, new ArrayList<>(texts)), new Options());
  }

  /** The documents in the order in which they answer the query, with a score for each. */
  public static Request rerank(String model, String query, List<String> documents) {
    return new Request(
        new Content.Rerank(model, query, new ArrayList<>(documents), 0, false), new Options());
  }

  /** Names and the like in each text, by the labels that the model was trained on. */
  public static Request entities(String model, String... texts) {
    return entities(model, Arrays.asList(texts));
  }

  /** Names and the like in each text, by the labels that the model was trained on. */
  public static Request entities(String model, List<String> texts) {
    return new Request(
        new Content.ClassifyTokens(model, new ArrayList<>(texts), Aggregation.SIMPLE),
        new Options());
  }

  /** Tokens that fit where the texts have the model's mask token, as {@code [MASK]}. */
  public static Request fillMask(String model, String... texts) {
    return fillMask(model, Arrays.asList(texts));
  }

  /** Tokens that fit where the texts have the model's mask token, as {@code [MASK]}. */
  public static Request fillMask(String model, List<String> texts) {
    return new Request(
        new Content.FillMask(model, new ArrayList<>(texts), FillMaskRequest.DEFAULT_TOP_K),
        new Options());
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
    return new Request(new Content.Generate(Objects.requireNonNull(request)), new Options());
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
    if (!(content instanceof Content.Generate generate)) {
      throw new IllegalStateException(what + ": set (expected: only with chat or complete)");
    }
    GenerationRequest request = generate.request();
    return new Request(
        new Content.Generate(request.with(change.apply(request.options()))), options);
  }

  /** This request, its text streamed; what is no request for text stays as it is. */
  Request streamed() {
    if (content instanceof Content.Json json && json.task().generates()) {
      GenerationRequest parsed = BodyCheck.generation(json.task(), json.body());
      GenerationRequest streamed = parsed.with(parsed.options().streamed(true));
      return new Request(new Content.Generate(streamed), options);
    }
    if (content instanceof Content.Generate) {
      return generating("stream", o -> o.streamed(true));
    }
    throw new InvalidRequestException(
        ErrorCode.INVALID_BODY, "stream: no request for text (expected: chat or complete)");
  }

  /** A body of the HTTP API as it is; it names the model. It is not copied: leave it unchanged. */
  public static Request json(Task task, byte[] body) {
    return new Request(
        new Content.Json(Objects.requireNonNull(task, "task"), Objects.requireNonNull(body)),
        new Options());
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
    if (!(content instanceof Content.Embed embed)) {
      throw new IllegalStateException("dimensions: " + dimensions + " (expected: only with embed)");
    }
    return new Request(
        new Content.Embed(embed.model(), embed.texts(), dimensions, embed.prompt()), options);
  }

  /**
   * Puts one of the model's prompts before each text, as {@code query} or {@code document}; without
   * this its default, if it has one.
   *
   * @throws IllegalStateException when this is no request for embeddings made here
   */
  public Request prompt(String name) {
    Objects.requireNonNull(name, "name");
    if (!(content instanceof Content.Embed embed)) {
      throw new IllegalStateException("prompt: " + name + " (expected: only with embed)");
    }
    return new Request(
        new Content.Embed(embed.model(), embed.texts(), embed.dimensions(), name), options);
  }

  /**
   * Names only the best documents.
   *
   * @throws IllegalStateException when this is no request for a ranking made here
   */
  public Request topN(int count) {
    Content.Rerank rerank = requireRerank("top n: " + count);
    return new Request(
        new Content.Rerank(
            rerank.model(), rerank.query(), rerank.documents(), count, rerank.returnDocuments()),
        options);
  }

  /**
   * Lets the result repeat the documents.
   *
   * @throws IllegalStateException when this is no request for a ranking made here
   */
  public Request returnDocuments() {
    Content.Rerank rerank = requireRerank("return documents");
    return new Request(
        new Content.Rerank(rerank.model(), rerank.query(), rerank.documents(), rerank.topN(), true),
        options);
  }

  private Content.Rerank requireRerank(String what) {
    if (content instanceof Content.Rerank rerank) {
      return rerank;
    }
    throw new IllegalStateException(what + " (expected: only with rerank)");
  }

  /**
   * How the labels of tokens become those of entities; {@link Aggregation#SIMPLE} without this.
   *
   * @throws IllegalStateException when this is no request for entities made here
   */
  public Request aggregation(Aggregation aggregation) {
    Objects.requireNonNull(aggregation, "aggregation");
    if (!(content instanceof Content.ClassifyTokens tokens)) {
      throw new IllegalStateException(
          "aggregation: " + aggregation + " (expected: only with entities)");
    }
    return new Request(
        new Content.ClassifyTokens(tokens.model(), tokens.texts(), aggregation), options);
  }

  /**
   * Candidates for each mask; {@value FillMaskRequest#DEFAULT_TOP_K} without this.
   *
   * @throws IllegalStateException when this is no request to fill masks made here
   */
  public Request topK(int count) {
    if (!(content instanceof Content.FillMask fill)) {
      throw new IllegalStateException("top k: " + count + " (expected: only with fillMask)");
    }
    return new Request(new Content.FillMask(fill.model(), fill.texts(), count), options);
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

  private Request with(Consumer<Options> change) {
    Options copy = options.copy();
    change.accept(copy);
    return new Request(content, copy);
  }

  Content content() {
    return content;
  }

  Options options() {
    return options;
  }
}
