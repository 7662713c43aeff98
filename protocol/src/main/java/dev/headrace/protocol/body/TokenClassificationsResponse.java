package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The response of {@code /v1/token-classifications}.
 *
 * @param model name of the model
 * @param results one per input text, in order
 * @param promptTokens tokens of all texts after truncation, without padding
 */
public record TokenClassificationsResponse(String model, List<Result> results, long promptTokens) {
  public TokenClassificationsResponse {
    results = List.copyOf(results);
  }

  /**
   * What was found in one text.
   *
   * @param entities in the order of the text
   * @param truncated whether the text was longer than the model reads: nothing behind that was
   *     looked at
   */
  public record Result(List<Entity> entities, boolean truncated) {
    public Result {
      entities = List.copyOf(entities);
    }
  }

  /**
   * A name or the like.
   *
   * @param label what it is
   * @param score how sure the model is, 0 to 1
   * @param text as it stands in the input
   * @param start where it begins in the input, in Unicode code points from 0
   * @param end where what follows it begins
   */
  public record Entity(String label, double score, String text, int start, int end) {}

  /** Writes the response. */
  public byte[] encode() {
    return ListBody.write(
        256, "token_classification", results.size(), this::writeItem, model, promptTokens);
  }

  private void writeItem(JsonGenerator json, int index) throws IOException {
    Result result = results.get(index);
    json.writeArrayFieldStart("entities");
    for (Entity entity : result.entities()) {
      json.writeStartObject();
      json.writeStringField("label", entity.label());
      json.writeNumberField("score", entity.score());
      json.writeStringField("text", entity.text());
      json.writeNumberField("start", entity.start());
      json.writeNumberField("end", entity.end());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeBooleanField("truncated", result.truncated());
  }

  /**
   * Reads a response.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static TokenClassificationsResponse parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    List<Result> results = new ArrayList<>();
    for (JsonNode item : body.requireArray("data")) {
      List<Entity> entities = new ArrayList<>();
      for (JsonNode entity : item.path("entities")) {
        entities.add(entity(entity));
      }
      results.add(new Result(entities, item.path("truncated").asBoolean()));
    }
    return new TokenClassificationsResponse(
        body.requireText("model"), results, Usage.promptTokens(body));
  }

  private static Entity entity(JsonNode item) {
    return new Entity(
        JsonBody.string("label", item.path("label")),
        JsonBody.number("score", item.path("score")),
        JsonBody.string("text", item.path("text")),
        JsonBody.count("start", item.path("start")),
        JsonBody.count("end", item.path("end")));
  }
}
