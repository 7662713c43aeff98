package dev.headrace.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.Task;
import dev.headrace.sdk.Classification;
import dev.headrace.sdk.InferenceResult;
import java.util.List;
import java.util.Locale;

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
      return text.toString();
    }
    result.deviceType().ifPresent(device -> text.append(" on ").append(device));
    result.reason().ifPresent(reason -> text.append(" (").append(reason).append(')'));
    text.append(", cache ").append(result.cache().name().toLowerCase(Locale.ROOT));
    result.roundTrip().ifPresent(time -> text.append(", ").append(time.toMillis()).append(" ms"));
    result.usd().ifPresent(usd -> text.append(String.format(Locale.ROOT, ", %.9f USD", usd)));
    if (task == Task.EMBEDDINGS) {
      result.embeddings().forEach(vector -> text.append('\n').append(vector(vector)));
    } else {
      result.classifications().forEach(c -> text.append('\n').append(scores(c)));
    }
    return text.toString();
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
