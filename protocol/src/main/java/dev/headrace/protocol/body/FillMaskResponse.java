package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The response of {@code /v1/fill-mask}.
 *
 * @param model name of the model
 * @param results one per input text, in order: one list of candidates per mask, in the order of the
 *     text, the most probable first
 * @param promptTokens tokens of all texts, without padding
 */
public record FillMaskResponse(
    String model, List<List<List<Candidate>>> results, long promptTokens) {
  public FillMaskResponse {
    results = List.copyOf(results);
  }

  /**
   * A token that fits.
   *
   * @param token its id in the model's vocabulary
   * @param text what it stands for, perhaps with a space before it
   * @param score its probability, 0 to 1
   */
  public record Candidate(int token, String text, double score) {}

  /** Writes the response. */
  public byte[] encode() {
    return ListBody.write(1024, "fill_mask", results.size(), this::writeItem, model, promptTokens);
  }

  private void writeItem(JsonGenerator json, int index) throws IOException {
    json.writeArrayFieldStart("masks");
    for (List<Candidate> candidates : results.get(index)) {
      json.writeStartArray();
      for (Candidate candidate : candidates) {
        json.writeStartObject();
        json.writeNumberField("token", candidate.token());
        json.writeStringField("token_str", candidate.text());
        json.writeNumberField("score", candidate.score());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeEndArray();
  }

  /**
   * Reads a response.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static FillMaskResponse parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    List<List<List<Candidate>>> results = new ArrayList<>();
    for (JsonNode item : body.requireArray("data")) {
      List<List<Candidate>> masks = new ArrayList<>();
      for (JsonNode mask : item.path("masks")) {
        List<Candidate> candidates = new ArrayList<>();
        for (JsonNode candidate : mask) {
          candidates.add(candidate(candidate));
        }
        masks.add(List.copyOf(candidates));
      }
      results.add(List.copyOf(masks));
    }
    return new FillMaskResponse(body.requireText("model"), results, Usage.promptTokens(body));
  }

  private static Candidate candidate(JsonNode item) {
    return new Candidate(
        JsonBody.count("token", item.path("token")),
        JsonBody.string("token_str", item.path("token_str")),
        JsonBody.number("score", item.path("score")));
  }
}
