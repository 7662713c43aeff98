package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The response of {@code /v1/classifications}: per text the best label and the score of each.
 *
 * @param model name of the model
 * @param results one per input text, in order
 * @param promptTokens tokens of all texts after truncation, without padding
 */
public record ClassificationsResponse(String model, List<Result> results, long promptTokens) {
  public ClassificationsResponse {
    results = List.copyOf(results);
  }

  /**
   * One text's classes.
   *
   * @param label the one with the highest score
   * @param scores by descending score; they add up to 1 unless the model was trained to give
   *     several labels to a text
   */
  public record Result(String label, List<Score> scores) {
    public Result {
      scores = List.copyOf(scores);
    }
  }

  /** A label's score, 0 to 1. */
  public record Score(String label, double score) {}

  /** Writes the response. */
  public byte[] encode() {
    return ListBody.write(
        256, "classification", results.size(), this::writeItem, model, promptTokens);
  }

  private void writeItem(JsonGenerator json, int index) throws IOException {
    Result result = results.get(index);
    json.writeStringField("label", result.label());
    json.writeArrayFieldStart("scores");
    for (Score score : result.scores()) {
      json.writeStartObject();
      json.writeStringField("label", score.label());
      json.writeNumberField("score", score.score());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /**
   * Reads a response.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static ClassificationsResponse parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    List<Result> results = new ArrayList<>();
    for (JsonNode item : body.requireArray("data")) {
      List<Score> scores = new ArrayList<>();
      for (JsonNode score : item.path("scores")) {
        scores.add(score(score));
      }
      results.add(new Result(label(item), scores));
    }
    return new ClassificationsResponse(
        body.requireText("model"), results, Usage.promptTokens(body));
  }

  private static Score score(JsonNode item) {
    return new Score(label(item), JsonBody.number("score", item.path("score")));
  }

  private static String label(JsonNode item) {
    return JsonBody.string("label", item.path("label"));
  }
}
