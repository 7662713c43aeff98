package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The response of {@code /v1/rerank}, as Cohere's and Jina's.
 *
 * @param model name of the model
 * @param results best first
 * @param promptTokens tokens of all pairs after truncation, without padding
 */
public record RerankResponse(String model, List<Result> results, long promptTokens) {
  public RerankResponse {
    results = List.copyOf(results);
  }

  /**
   * One document.
   *
   * @param index its place in the request, from 0
   * @param score how well it answers the query; 0 to 1 unless the model was made to give others
   * @param document its text, when the request asked for it
   */
  public record Result(int index, double score, @Nullable String document) {}

  /** Writes the response. */
  public byte[] encode() {
    return JsonBody.write(
        128 + results.size() * 64,
        json -> {
          json.writeStringField("object", "list");
          json.writeArrayFieldStart("results");
          for (Result result : results) {
            json.writeStartObject();
            json.writeNumberField("index", result.index());
            json.writeNumberField("relevance_score", result.score());
            if (result.document() != null) {
              json.writeObjectFieldStart("document");
              json.writeStringField("text", result.document());
              json.writeEndObject();
            }
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeStringField("model", model);
          Usage.write(json, promptTokens);
        });
  }

  /**
   * Reads a response.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static RerankResponse parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    List<Result> results = new ArrayList<>();
    for (JsonNode item : body.requireArray("results")) {
      results.add(result(item));
    }
    return new RerankResponse(body.requireText("model"), results, Usage.promptTokens(body));
  }

  private static Result result(JsonNode item) {
    JsonNode text = item.path("document").path("text");
    return new Result(
        JsonBody.count("index", item.path("index")),
        JsonBody.number("relevance_score", item.path("relevance_score")),
        text.isTextual() ? text.textValue() : null);
  }
}
