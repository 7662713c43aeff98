package dev.headrace.sdk;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.body.RerankRequest;
import dev.headrace.protocol.body.TokenClassificationsRequest;
import dev.headrace.protocol.body.VectorEncoding;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks what a request asks and writes its body. The checks are those of router and worker, so
 * what is wrong with a body is known before it is sent. Pure.
 */
final class BodyCheck {
  private static final BodyLimits LIMITS = BodyLimits.DEFAULT;

  private BodyCheck() {}

  /**
   * A body that is fit to be sent.
   *
   * @param bytes JSON
   * @param repeatable whether the same body gives the same result again
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared; copying bodies costs
  record Body(Task task, String model, Size size, byte[] bytes, boolean repeatable) {
    Body(Task task, String model, Size size, byte[] bytes) {
      this(task, model, size, bytes, true);
    }
  }

  /**
   * Checks and writes.
   *
   * @throws InvalidRequestException naming the value and what was expected
   */
  static Body of(RequestContent content) {
    if (content instanceof RequestContent.Embed embed) {
      return embed(embed);
    }
    if (content instanceof RequestContent.Classify classify) {
      return classify(classify);
    }
    if (content instanceof RequestContent.ClassifyTrained classify) {
      return classifyTrained(classify);
    }
    if (content instanceof RequestContent.Rerank rerank) {
      return rerank(rerank);
    }
    if (content instanceof RequestContent.ClassifyTokens tokens) {
      return classifyTokens(tokens);
    }
    if (content instanceof RequestContent.FillMask fill) {
      return fillMask(fill);
    }
    if (content instanceof RequestContent.Generate generate) {
      return generate(generate.request());
    }
    return json((RequestContent.Json) content);
  }

  private static Body embed(RequestContent.Embed embed) {
    Size size = size(embed.texts());
    if (embed.dimensions() < 0) {
      throw invalid("dimensions", embed.dimensions(), ">= 1, or 0 for all");
    }
    if (embed.prompt() != null) {
      requireWords("prompt", embed.prompt());
    }
    EmbeddingsRequest request =
        new EmbeddingsRequest(
            embed.model(),
            embed.texts(),
            VectorEncoding.BASE64,
            embed.dimensions(),
            embed.prompt());
    return new Body(Task.EMBEDDINGS, request.model(), size, request.encode());
  }

  private static Body classify(RequestContent.Classify classify) {
    Size size = size(classify.texts());
    labels(classify.labels());
    ClassificationsRequest request =
        new ClassificationsRequest(classify.model(), classify.texts(), classify.labels());
    return new Body(Task.CLASSIFICATIONS, request.model(), size, request.encode());
  }

  private static Body classifyTrained(RequestContent.ClassifyTrained classify) {
    Size size = size(classify.texts());
    ClassificationsRequest request =
        new ClassificationsRequest(classify.model(), classify.texts(), List.of());
    return new Body(Task.CLASSIFICATIONS, request.model(), size, request.encode());
  }

  private static Body rerank(RequestContent.Rerank rerank) {
    Size size = pairs(rerank.query(), rerank.documents());
    if (rerank.topN() < 0) {
      throw invalid("top n", rerank.topN(), ">= 1, or 0 for all");
    }
    RerankRequest request =
        new RerankRequest(
            rerank.model(),
            rerank.query(),
            rerank.documents(),
            rerank.topN(),
            rerank.returnDocuments());
    return new Body(Task.RERANK, request.model(), size, request.encode());
  }

  private static Body classifyTokens(RequestContent.ClassifyTokens tokens) {
    Size size = size(tokens.texts());
    TokenClassificationsRequest request =
        new TokenClassificationsRequest(tokens.model(), tokens.texts(), tokens.aggregation());
    return new Body(Task.TOKEN_CLASSIFICATIONS, request.model(), size, request.encode());
  }

  private static Body fillMask(RequestContent.FillMask fill) {
    Size size = size(fill.texts());
    if (fill.topK() < 1 || fill.topK() > FillMaskRequest.MAX_TOP_K) {
      throw invalid("top k", fill.topK(), "1.." + FillMaskRequest.MAX_TOP_K);
    }
    FillMaskRequest request = new FillMaskRequest(fill.model(), fill.texts(), fill.topK());
    return new Body(Task.FILL_MASK, request.model(), size, request.encode());
  }

  private static Body json(RequestContent.Json json) {
    try {
      return switch (json.task()) {
        case EMBEDDINGS -> {
          EmbeddingsRequest parsed = EmbeddingsRequest.parse(json.body(), LIMITS);
          yield new Body(json.task(), parsed.model(), size(parsed.input()), json.body());
        }
        case CLASSIFICATIONS -> {
          ClassificationsRequest parsed = ClassificationsRequest.parse(json.body(), LIMITS);
          yield new Body(json.task(), parsed.model(), size(parsed.input()), json.body());
        }
        case CHAT_COMPLETIONS -> generation(ChatRequest.parse(json.body(), LIMITS), json.body());
        case COMPLETIONS -> generation(CompletionRequest.parse(json.body(), LIMITS), json.body());
        case RERANK -> {
          RerankRequest parsed = RerankRequest.parse(json.body(), LIMITS);
          yield new Body(
              json.task(), parsed.model(), pairs(parsed.query(), parsed.documents()), json.body());
        }
        case TOKEN_CLASSIFICATIONS -> {
          TokenClassificationsRequest parsed =
              TokenClassificationsRequest.parse(json.body(), LIMITS);
          yield new Body(json.task(), parsed.model(), size(parsed.input()), json.body());
        }
        case FILL_MASK -> {
          FillMaskRequest parsed = FillMaskRequest.parse(json.body(), LIMITS);
          yield new Body(json.task(), parsed.model(), size(parsed.input()), json.body());
        }
      };
    } catch (FailureException e) {
      throw new InvalidRequestException(e.failure().code(), e.failure().message());
    }
  }

  /** What was put together here goes through the same checks as a body from elsewhere. */
  private static Body generate(GenerationRequest request) {
    try {
      byte[] bytes = request.encode();
      return generation(generation(request.task(), bytes), bytes);
    } catch (FailureException e) {
      throw new InvalidRequestException(e.failure().code(), e.failure().message());
    }
  }

  static GenerationRequest generation(Task task, byte[] bytes) {
    try {
      return task == Task.CHAT_COMPLETIONS
          ? ChatRequest.parse(bytes, LIMITS)
          : CompletionRequest.parse(bytes, LIMITS);
    } catch (FailureException e) {
      throw new InvalidRequestException(e.failure().code(), e.failure().message());
    }
  }

  private static Body generation(GenerationRequest request, byte[] bytes) {
    boolean repeatable = request.options().sampling().repeatable();
    return new Body(request.task(), request.model(), request.size(), bytes, repeatable);
  }

  private static Size size(List<String> texts) {
    return Size.ofBytes(texts.size(), bytes("texts", texts));
  }

  /** A row is a document with the query before it. */
  private static Size pairs(@Nullable String query, List<String> documents) {
    long queryBytes = utf8Length("query", query);
    long bytes = bytes("documents", documents);
    return Size.ofBytes(documents.size(), documents.size() * queryBytes + bytes);
  }

  private static long bytes(String field, List<String> texts) {
    if (texts.isEmpty()) {
      throw invalid(field, "none", "at least one");
    }
    if (texts.size() > LIMITS.maxRows()) {
      throw tooLarge(field, texts.size(), "at most " + LIMITS.maxRows());
    }
    long bytes = 0;
    for (int i = 0; i < texts.size(); i++) {
      bytes += utf8Length(field + "[" + i + "]", texts.get(i));
    }
    return bytes;
  }

  private static void labels(List<Label> labels) {
    if (labels.size() < 2) {
      throw invalid("labels", labels.size(), "at least two");
    }
    if (labels.size() > LIMITS.maxLabels()) {
      throw tooLarge("labels", labels.size(), "at most " + LIMITS.maxLabels());
    }
    Set<String> names = new HashSet<>();
    for (int i = 0; i < labels.size(); i++) {
      Label label = labels.get(i);
      String field = "labels[" + i + "]";
      requireWords(field, label.name());
      requireWords(field + ".description", label.description());
      if (!names.add(label.name())) {
        throw invalid(field, label.name() + " for the second time", "unique names");
      }
    }
  }

  private static void requireWords(String field, @Nullable String text) {
    if (utf8Length(field, text) == 0 || (text != null && text.isBlank())) {
      throw invalid(field, "blank", "some text");
    }
  }

  /** Payloads stay out of messages: a text is named by its place. */
  private static long utf8Length(String field, @Nullable String text) {
    if (text == null || text.isEmpty()) {
      throw invalid(field, text == null ? "null" : "empty", "some text");
    }
    if (text.length() > LIMITS.maxTextChars()) {
      throw tooLarge(field, text.length() + " characters", "at most " + LIMITS.maxTextChars());
    }
    long bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
      } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else {
        throw invalid(field, "half a surrogate pair at " + i, "text that has a form in UTF-8");
      }
    }
    return bytes;
  }

  private static InvalidRequestException invalid(String field, Object value, String expected) {
    return new InvalidRequestException(
        ErrorCode.INVALID_BODY, field + ": " + value + " (expected: " + expected + ")");
  }

  private static InvalidRequestException tooLarge(String field, Object value, String expected) {
    return new InvalidRequestException(
        ErrorCode.INPUT_TOO_LARGE, field + ": " + value + " (expected: " + expected + ")");
  }
}
