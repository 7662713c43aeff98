package dev.headrace.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.Task;
import dev.headrace.sdk.Classification;
import dev.headrace.sdk.Completion;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.MaskCandidate;
import dev.headrace.sdk.RankedDocument;
import dev.headrace.sdk.TextEntities;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Outcomes as the command line prints them. */
final class Results {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int SHOWN = 4;

  private Results() {}

  /** One line of JSON: id, status, details, and the response body as it came. */
  static String json(InferenceResult result) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("id", result.id());
    root.put("status", result.status().name());
    result.errorCode().ifPresent(code -> root.put("error_code", code.wireId()));
    result.errorMessage().ifPresent(message -> root.put("error_message", message));
    ObjectNode details = root.putObject("details");
    result.details().forEach(details::put);
    try {
      root.set("response", MAPPER.readTree(result.body()));
    } catch (JsonProcessingException e) {
      root.put("response", result.bodyText());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException("reading from memory failed", e);
    }
    return root.toString();
  }

  /** A few lines for people. */
  static String text(InferenceResult result, Task task) {
    StringBuilder text = new StringBuilder(result.status().name());
    if (!result.isOk()) {
      result.errorCode().ifPresent(code -> text.append(' ').append(code.wireId()));
      result.errorMessage().ifPresent(message -> text.append(": ").append(message));
      result.partialCompletions().forEach(c -> text.append("\nso far: ").append(c.text()));
      return text.toString();
    }
    result.deviceType().ifPresent(device -> text.append(" on ").append(device));
    result.reason().ifPresent(reason -> text.append(" (").append(reason).append(')'));
    text.append(", cache ").append(result.cache().name().toLowerCase(Locale.ROOT));
    result.roundTrip().ifPresent(time -> text.append(", ").append(time.toMillis()).append(" ms"));
    result.usd().ifPresent(usd -> text.append(String.format(Locale.ROOT, ", %.9f USD", usd)));
    lines(result, task).forEach(line -> text.append('\n').append(line));
    return text.toString();
  }

  private static List<String> lines(InferenceResult result, Task task) {
    return switch (task) {
      case EMBEDDINGS -> result.embeddings().stream().map(Results::vector).toList();
      case CLASSIFICATIONS -> result.classifications().stream().map(Results::scores).toList();
      case RERANK -> result.ranking().stream().map(Results::ranked).toList();
      case TOKEN_CLASSIFICATIONS -> result.entities().stream().map(Results::entities).toList();
      case FILL_MASK ->
          result.masks().stream()
              .flatMap(masks -> masks.stream().map(Results::candidates))
              .toList();
      case CHAT_COMPLETIONS, COMPLETIONS ->
          result.completions().stream().map(Completion::text).toList();
    };
  }

  private static String ranked(RankedDocument document) {
    return String.format(
        Locale.ROOT,
        "%.4f  [%d] %s",
        document.score(),
        document.index(),
        document.document().orElse(""));
  }

  private static String entities(TextEntities found) {
    String entities =
        found.entities().stream()
            .map(
                e ->
                    String.format(
                        Locale.ROOT,
                        "%s %.3f \"%s\" %d..%d",
                        e.label(),
                        e.score(),
                        e.text(),
                        e.start(),
                        e.end()))
            .collect(Collectors.joining(", "));
    return (entities.isEmpty() ? "nothing" : entities) + (found.truncated() ? " (cut)" : "");
  }

  private static String candidates(List<MaskCandidate> candidates) {
    return candidates.stream()
        .map(c -> String.format(Locale.ROOT, "\"%s\" %.3f", c.text(), c.score()))
        .collect(Collectors.joining(", "));
  }

  private static String vector(float[] vector) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < Math.min(SHOWN, vector.length); i++) {
      text.append(String.format(Locale.ROOT, "%.5f, ", vector[i]));
    }
    return text.append("...] ").append(vector.length).append(" dimensions").toString();
  }

  private static String scores(Classification classification) {
    List<String> scores =
        classification.scores().entrySet().stream()
            .map(e -> String.format(Locale.ROOT, "%s %.3f", e.getKey(), e.getValue()))
            .toList();
    return classification.label() + "  (" + String.join(", ", scores) + ")";
  }
}
