package dev.headrace.protocol.body;

import java.util.List;

/**
 * The body of {@code /v1/fill-mask}: {@code {"model","input","top_k"}}.
 *
 * @param model name of the model
 * @param input texts, each with the model's mask token at least once, in order
 * @param topK candidates for each mask
 */
public record FillMaskRequest(String model, List<String> input, int topK) {
  /** Candidates where the body does not say how many. */
  public static final int DEFAULT_TOP_K = 5;

  /** The most candidates; chosen. */
  public static final int MAX_TOP_K = 100;

  private static final String TOP_K = "top_k";

  public FillMaskRequest {
    input = List.copyOf(input);
  }

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static FillMaskRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    int topK = body.positive(TOP_K, DEFAULT_TOP_K);
    if (topK > MAX_TOP_K) {
      throw JsonBody.invalid(TOP_K, Integer.toString(topK), "1.." + MAX_TOP_K);
    }
    return new FillMaskRequest(body.requireText("model"), body.requireTexts("input", limits), topK);
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
          json.writeNumberField(TOP_K, topK);
        });
  }
}
