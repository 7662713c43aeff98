package dev.headrace.sdk;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.FillMaskResponse;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.RerankResponse;
import dev.headrace.protocol.body.TokenClassificationsResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a request ended, and its result if it ended OK. Thread-safe.
 *
 * <p>What says how it came to be is empty where the program that ended the request did not know it;
 * a cancelled request, for one, has hardly any.
 */
public final class InferenceResult {
  private final Outcome outcome;
  private final @Nullable Duration roundTrip;
  private volatile @Nullable List<float[]> embeddings;
  private volatile @Nullable List<Classification> classifications;

  InferenceResult(Outcome outcome, @Nullable Duration roundTrip) {
    this.outcome = outcome;
    this.roundTrip = roundTrip;
  }

  /** Whether a device had to run the request. */
  public enum Cache {
    /** A device ran it. */
    MISS,
    /** The result was known. */
    HIT,
    /** An identical request was running and answered this one too. */
    COALESCED
  }

  Outcome outcome() {
    return outcome;
  }

  /** The request id. */
  public String id() {
    return outcome.id();
  }

  /** How it ended. */
  public Status status() {
    return outcome.status();
  }

  /** Whether it ended with a result. */
  public boolean isOk() {
    return status() == Status.OK;
  }

  /**
   * This result if it is OK.
   *
   * @throws InferenceException if it is FAILED, EXPIRED or CANCELLED
   */
  public InferenceResult orThrow() {
    if (!isOk()) {
      throw new InferenceException(this);
    }
    return this;
  }

  /**
   * The vectors, one per text and in the order of the texts; {@code [dimension]} float32. The
   * arrays are shared by all callers: leave them unchanged.
   *
   * @throws InferenceException if there is no result
   * @throws IllegalStateException if the request was not for embeddings
   */
  public List<float[]> embeddings() {
    List<float[]> known = embeddings;
    if (known == null) {
      requireTask(Task.EMBEDDINGS);
      known = Collections.unmodifiableList(EmbeddingsResponse.parse(outcome.body()).vectors());
      embeddings = known;
    }
    return known;
  }

  /**
   * The classes, one per text and in the order of the texts.
   *
   * @throws InferenceException if there is no result
   * @throws IllegalStateException if the request was not for classifications
   */
  public List<Classification> classifications() {
    List<Classification> known = classifications;
    if (known == null) {
      requireTask(Task.CLASSIFICATIONS);
      known =
          ClassificationsResponse.parse(outcome.body()).results().stream()
              .map(InferenceResult::classification)
              .toList();
      classifications = known;
    }
    return known;
  }

  private static Classification classification(ClassificationsResponse.Result result) {
    Map<String, Double> scores = new LinkedHashMap<>();
    result.scores().forEach(s -> scores.put(s.label(), s.score()));
    return new Classification(result.label(), scores);
  }

  /**
   * The documents, best first.
   *
   * @throws InferenceException if there is no result
   * @throws IllegalStateException if the request was not for a ranking
   */
  public List<RankedDocument> ranking() {
    requireTask(Task.RERANK);
    return RerankResponse.parse(outcome.body()).results().stream()
        .map(r -> new RankedDocument(r.index(), r.score(), Optional.ofNullable(r.document())))
        .toList();
  }

  /**
   * What was found, one per text and in the order of the texts.
   *
   * @throws InferenceException if there is no result
   * @throws IllegalStateException if the request was not for entities
   */
  public List<TextEntities> entities() {
    requireTask(Task.TOKEN_CLASSIFICATIONS);
    return TokenClassificationsResponse.parse(outcome.body()).results().stream()
        .map(InferenceResult::entities)
        .toList();
  }

  private static TextEntities entities(TokenClassificationsResponse.Result result) {
    return new TextEntities(
        result.entities().stream()
            .map(e -> new TextEntities.Entity(e.label(), e.score(), e.text(), e.start(), e.end()))
            .toList(),
        result.truncated());
  }

  /**
   * For each text, in order, and each of its masks, in order, the tokens that fit, the most
   * probable first.
   *
   * @throws InferenceException if there is no result
   * @throws IllegalStateException if the request was not to fill masks
   */
  public List<List<List<MaskCandidate>>> masks() {
    requireTask(Task.FILL_MASK);
    return FillMaskResponse.parse(outcome.body()).results().stream()
        .map(masks -> masks.stream().map(InferenceResult::candidates).toList())
        .toList();
  }

  private static List<MaskCandidate> candidates(List<FillMaskResponse.Candidate> mask) {
    return mask.stream().map(c -> new MaskCandidate(c.token(), c.text(), c.score())).toList();
  }

  /**
   * The generated texts: of each prompt its choices, in the order of the prompts.
   *
   * @throws InferenceException if there is no result
   * @throws IllegalStateException if the request was not for text
   */
  public List<Completion> completions() {
    orThrow();
    String task = detail(Detail.TASK).orElse(Task.COMPLETIONS.wireName());
    if (!Task.ofWireName(task).map(Task::generates).orElse(false)) {
      throw new IllegalStateException(
          "task of request " + id() + ": " + task + " (expected: one that generates text)");
    }
    return Completion.of(GenerationResponse.parse(outcome.body()));
  }

  /**
   * What had been generated of a request that did not come to its end, because its deadline passed
   * or because it was cancelled; empty when nothing is known of that.
   */
  public List<Completion> partialCompletions() {
    if (isOk() || !hasChoices()) {
      return List.of();
    }
    return Completion.of(GenerationResponse.parse(outcome.body()));
  }

  private boolean hasChoices() {
    String task = detail(Detail.TASK).orElse("");
    return Task.ofWireName(task).map(Task::generates).orElse(false)
        && detail(Detail.NEW_TOKENS).isPresent();
  }

  private void requireTask(Task expected) {
    orThrow();
    String task = detail(Detail.TASK).orElse(expected.wireName());
    if (!task.equals(expected.wireName())) {
      throw new IllegalStateException(
          "task of request " + id() + ": " + task + " (expected: " + expected.wireName() + ")");
    }
  }

  /** The response as JSON, or the error object in OpenAI's shape; a copy. */
  public byte[] body() {
    return outcome.body().clone();
  }

  /** The response as JSON, or the error object in OpenAI's shape. */
  public String bodyText() {
    return new String(outcome.body(), StandardCharsets.UTF_8);
  }

  /** Why it FAILED. */
  public Optional<ErrorCode> errorCode() {
    return Optional.ofNullable(outcome.failure()).map(f -> f.code());
  }

  /** Why it FAILED, in words. */
  public Optional<String> errorMessage() {
    return Optional.ofNullable(outcome.failure()).map(f -> f.message());
  }

  /** The model that was asked. */
  public Optional<String> model() {
    return detail(Detail.MODEL);
  }

  /** The tier it was submitted to. */
  public Optional<Tier> tier() {
    return detail(Detail.TIER).flatMap(Tier::ofWireName);
  }

  /** The type of device that ran it, as in {@code nvidia-h200}. */
  public Optional<String> deviceType() {
    return detail(Detail.DEVICE_TYPE);
  }

  /** Why the router chose this device type. */
  public Optional<String> reason() {
    return detail(Detail.REASON);
  }

  /** Whether a device had to run it. */
  public Cache cache() {
    return switch (detail(Detail.CACHE).orElse("").toLowerCase(Locale.ROOT)) {
      case "hit" -> Cache.HIT;
      case "coalesced" -> Cache.COALESCED;
      default -> Cache.MISS;
    };
  }

  /** How often a device tried, 1 for no retries. */
  public int attempts() {
    return (int) number(Detail.ATTEMPT).orElse(1);
  }

  /** From submission to the start of its batch. */
  public Optional<Duration> queueTime() {
    return millis(Detail.QUEUE_MS);
  }

  /** Its share of its batch's service time. */
  public Optional<Duration> serviceTime() {
    return millis(Detail.SERVICE_MS);
  }

  /** What its service time cost, 0 for a cached result. */
  public OptionalDouble usd() {
    return number(Detail.USD);
  }

  /** Input tokens after truncation, without padding. */
  public OptionalLong tokens() {
    OptionalDouble tokens = number(Detail.TOKENS);
    return tokens.isPresent() ? OptionalLong.of((long) tokens.getAsDouble()) : OptionalLong.empty();
  }

  /** When it ended, by the clock of the program that ended it. */
  public Instant endedAt() {
    return outcome.time();
  }

  /** From submission to its end, by the clocks of two machines. */
  public Optional<Duration> latency() {
    return instant(Detail.SUBMITTED).map(submitted -> Duration.between(submitted, endedAt()));
  }

  /** Whether it ended before its deadline. */
  public Optional<Boolean> inTime() {
    return instant(Detail.DEADLINE).map(deadline -> !endedAt().isAfter(deadline));
  }

  /**
   * From {@code submit} to the completion of the future, by this client's clock; empty for what
   * {@link HeadraceClient#result} returns.
   */
  public Optional<Duration> roundTrip() {
    return Optional.ofNullable(roundTrip);
  }

  /** All that is said about how it came to be; names are those of {@link Detail}. */
  public Map<String, String> details() {
    return outcome.details();
  }

  private Optional<String> detail(String name) {
    return Optional.ofNullable(outcome.detail(name));
  }

  private Optional<Duration> millis(String name) {
    OptionalDouble ms = number(name);
    return ms.isPresent()
        ? Optional.of(Duration.ofNanos((long) (ms.getAsDouble() * 1e6)))
        : Optional.empty();
  }

  /** A detail is for people to read: one that is garbage counts as not given. */
  private OptionalDouble number(String name) {
    String text = outcome.detail(name);
    try {
      return text == null ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }

  private Optional<Instant> instant(String name) {
    try {
      return detail(name).map(Instant::parse);
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    String why = outcome.failure() == null ? "" : " " + outcome.failure();
    return "InferenceResult[" + id() + " " + status() + why + " " + outcome.details() + "]";
  }
}
