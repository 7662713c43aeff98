package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The body of {@code /v1/embeddings}.
 *
 * @param model name of the model
 * @param input texts to embed, in order
 * @param encoding how the vectors are written
 * @param dimensions leading components to keep and re-normalise, 0 for all
 */
public record EmbeddingsRequest(
    String model, List<String> input, VectorEncoding encoding, int dimensions) {
  public EmbeddingsRequest {
    input = List.copyOf(input);
  }

  /** A request for whole vectors in base64, the compact form. */
  public static EmbeddingsRequest of(String model, List<String> input) {
    return new EmbeddingsRequest(model, input, VectorEncoding.BASE64, 0);
  }

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static EmbeddingsRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    return new EmbeddingsRequest(
        body.requireText("model"),
        body.requireTexts("input", limits),
        body.field("encoding_format").map(EmbeddingsRequest::encoding).orElse(VectorEncoding.FLOAT),
        body.field("dimensions").map(EmbeddingsRequest::dimensions).orElse(0));
  }

  private static VectorEncoding encoding(JsonNode value) {
    String name = value.isTextual() ? value.textValue() : JsonBody.describe(value);
    return switch (name) {
      case "float" -> VectorEncoding.FLOAT;
      case "base64" -> VectorEncoding.BASE64;
      default -> throw JsonBody.invalid("encoding_format", name, "float or base64");
    };
  }

  private static int dimensions(JsonNode value) {
    if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 1) {
      throw JsonBody.invalid("dimensions", JsonBody.describe(value), "an integer >= 1");
    }
    return value.intValue();
  }

  /**
   * Writes the body; equal requests give equal bytes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY when a text is no Unicode
   */
  public byte[] encode() {
    return JsonBody.write(
        64 + input.stream().mapToInt(String::length).sum(),
        json -> {
          json.writeStringField("model", model);
          json.writeArrayFieldStart("input");
          for (String text : input) {
            JsonBody.requireWellFormed("input", text);
            json.writeString(text);
          }
          json.writeEndArray();
          json.writeStringField("encoding_format", encoding.wireName());
          if (dimensions > 0) {
            json.writeNumberField("dimensions", dimensions);
          }
        });
  }
}
