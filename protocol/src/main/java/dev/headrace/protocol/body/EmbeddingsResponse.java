package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The response of {@code /v1/embeddings}.
 *
 * @param model name of the model
 * @param vectors one per input text, in order; {@code [rows][dimension]} float32
 * @param promptTokens tokens of all texts after truncation, without padding
 */
public record EmbeddingsResponse(String model, List<float[]> vectors, long promptTokens) {
  public EmbeddingsResponse {
    vectors = List.copyOf(vectors);
  }

  /** Writes the response. */
  public byte[] encode(VectorEncoding encoding) {
    int hint = 128 + vectors.stream().mapToInt(v -> v.length * 6 + 64).sum();
    return ListBody.write(
        hint,
        "embedding",
        vectors.size(),
        (json, index) -> write(json, vectors.get(index), encoding),
        model,
        promptTokens);
  }

  private static void write(JsonGenerator json, float[] vector, VectorEncoding encoding)
      throws IOException {
    if (encoding == VectorEncoding.BASE64) {
      byte[] base64 = toBase64(vector);
      json.writeFieldName("embedding");
      // Nothing in it needs escaping; looking for it took a third of writing a response.
      json.writeRawUTF8String(base64, 0, base64.length);
    } else {
      json.writeArrayFieldStart("embedding");
      for (float component : vector) {
        json.writeNumber(component);
      }
      json.writeEndArray();
    }
  }

  /**
   * Reads a response in either encoding.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static EmbeddingsResponse parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    JsonNode data = body.requireArray("data");
    List<float[]> vectors = new ArrayList<>(data.size());
    for (JsonNode item : data) {
      vectors.add(vector(item.path("embedding")));
    }
    return new EmbeddingsResponse(body.requireText("model"), vectors, Usage.promptTokens(body));
  }

  private static float[] vector(JsonNode value) {
    if (value.isTextual()) {
      return fromBase64(value.textValue());
    }
    if (!value.isArray()) {
      throw JsonBody.invalid("embedding", JsonBody.describe(value), "an array or base64");
    }
    float[] vector = new float[value.size()];
    for (int i = 0; i < vector.length; i++) {
      if (!value.get(i).isNumber()) {
        throw JsonBody.invalid("embedding", JsonBody.describe(value.get(i)), "numbers");
      }
      vector[i] = value.get(i).floatValue();
    }
    return vector;
  }

  private static byte[] toBase64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encode(bytes.array());
  }

  private static float[] fromBase64(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid("embedding", "bad base64", "base64 of little-endian float32");
    }
    if (bytes.length % Float.BYTES != 0) {
      throw JsonBody.invalid("embedding", bytes.length + " bytes", "a multiple of 4");
    }
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return vector;
  }
}
