package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code /v1/embeddings}.
 *
 * @param model name of the model
 * @param input texts to embed, in order
 * @param encoding how the vectors are written
 * @param dimensions leading components to keep and re-normalise, 0 for all
 * @param promptName which of the model's prompts is put before each text, as {@code query}; null
 *     for the model's default
 */
public record EmbeddingsRequest(
    String model,
    List<String> input,
    VectorEncoding encoding,
    int dimensions,
    @Nullable String promptName) {
  public EmbeddingsRequest {
    input = List.copyOf(input);
  }

  /** A request with the model's default prompt. */
  public EmbeddingsRequest(
      String model, List<String> input, VectorEncoding encoding, int dimensions) {
    this(model, input, encoding, dimensions, null);
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
        body.positive("dimensions", 0),
        body.field("prompt_name").isPresent() ? body.requireText("prompt_name") : null);
  }

  private static VectorEncoding encoding(JsonNode value) {
    String name = value.isTextual() ? value.textValue() : JsonBody.describe(value);
    return switch (name) {
      case "float" -> VectorEncoding.FLOAT;
      case "base64" -> VectorEncoding.BASE64;
      default -> throw JsonBody.invalid("encoding_format", name, "float or base64");
    };
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
          JsonBody.writeTexts(json, "input", input);
          json.writeStringField("encoding_format", encoding.wireName());
          if (dimensions > 0) {
            json.writeNumberField("dimensions", dimensions);
          }
          if (promptName != null) {
            JsonBody.requireWellFormed("prompt_name", promptName);
            json.writeStringField("prompt_name", promptName);
          }
        });
  }
}
