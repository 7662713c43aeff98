package dev.headrace.sdk;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.Aggregation;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a {@link Request} asks; checked when it is submitted. */
sealed interface RequestContent {
  /**
   * This as one of a kind.
   *
   * @param setting that only this kind has, and its value
   * @param factories that make this kind
   * @throws IllegalStateException when it is of another kind
   */
  default <C extends RequestContent> C as(Class<C> kind, String setting, String factories) {
    if (kind.isInstance(this)) {
      return kind.cast(this);
    }
    throw new IllegalStateException(setting + " (expected: only with " + factories + ")");
  }

  /**
   * The same, its text streamed.
   *
   * @throws InvalidRequestException when it asks for no text
   */
  default RequestContent streamed() {
    if (this instanceof Generate generate) {
      return generate.with(options -> options.streamed(true));
    }
    if (this instanceof Json json && json.task().generates()) {
      GenerationRequest parsed = BodyCheck.generation(json.task(), json.body());
      return new Generate(parsed).with(options -> options.streamed(true));
    }
    throw new InvalidRequestException(
        ErrorCode.INVALID_BODY, "stream: no request for text (expected: chat or complete)");
  }

  record Embed(String model, List<String> texts, int dimensions, @Nullable String prompt)
      implements RequestContent {}

  record Classify(String model, List<Label> labels, List<String> texts) implements RequestContent {
    /** Labels whose names say all. */
    static Classify named(String model, List<String> labels, List<String> texts) {
      List<Label> named = new ArrayList<>();
      labels.forEach(name -> named.add(new Label(name, name)));
      return new Classify(model, named, new ArrayList<>(texts));
    }

    /** Labels by name, with descriptions; in the order of the names. */
    static Classify described(String model, Map<String, String> labels, List<String> texts) {
      List<Label> described = new ArrayList<>();
      new TreeMap<>(labels).forEach((name, text) -> described.add(new Label(name, text)));
      return new Classify(model, described, new ArrayList<>(texts));
    }
  }

  record ClassifyTrained(String model, List<String> texts) implements RequestContent {}

  record Rerank(
      String model, String query, List<String> documents, int topN, boolean returnDocuments)
      implements RequestContent {}

  record ClassifyTokens(String model, List<String> texts, Aggregation aggregation)
      implements RequestContent {}

  record FillMask(String model, List<String> texts, int topK) implements RequestContent {}

  record Generate(GenerationRequest request) implements RequestContent {
    Generate with(UnaryOperator<GenerationOptions> change) {
      return new Generate(request.with(change.apply(request.options())));
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared; copying bodies costs
  record Json(Task task, byte[] body) implements RequestContent {}
}
