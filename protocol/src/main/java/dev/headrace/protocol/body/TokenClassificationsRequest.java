package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The body of {@code /v1/token-classifications}: {@code {"model","input","aggregation_strategy"}}.
 *
 * @param model name of the model
 * @param input texts to look for entities in, in order
 * @param aggregation how tokens become entities; {@code simple} when the body does not say
 */
public record TokenClassificationsRequest(
    String model, List<String> input, Aggregation aggregation) {
  private static final String AGGREGATION = "aggregation_strategy";

  public TokenClassificationsRequest {
    input = List.copyOf(input);
  }

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static TokenClassificationsRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    return new TokenClassificationsRequest(
        body.requireText("model"),
        body.requireTexts("input", limits),
        body.field(AGGREGATION)
            .map(TokenClassificationsRequest::aggregation)
            .orElse(Aggregation.SIMPLE));
  }

  private static Aggregation aggregation(JsonNode value) {
    String name = value.isTextual() ? value.textValue() : JsonBody.describe(value);
    return Aggregation.ofWireName(name)
        .orElseThrow(() -> JsonBody.invalid(AGGREGATION, name, "one of " + Aggregation.expected()));
  }

  /**
   * Writes the body; equal requests give equal bytes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY when a text is no Unicode
   */
  public byte[] encode() {
    return JsonBody.write(
        96 + input.stream().mapToInt(String::length).sum(),
        json -> {
          json.writeStringField("model", model);
          JsonBody.writeTexts(json, "input", input);
          json.writeStringField(AGGREGATION, aggregation.wireName());
        });
  }
}
