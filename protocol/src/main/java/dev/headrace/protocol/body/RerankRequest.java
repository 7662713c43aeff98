package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The body of {@code /v1/rerank}, as Cohere's and Jina's: {@code {"model","query","documents"}}. A
 * document is a string or {@code {"text"}}.
 *
 * @param model name of the model
 * @param query what the documents are to answer
 * @param documents at least one, in order
 * @param topN how many of the best to name, 0 for all
 * @param returnDocuments whether the response repeats the documents
 */
public record RerankRequest(
    String model, String query, List<String> documents, int topN, boolean returnDocuments) {
  private static final String DOCUMENTS = "documents";
  private static final String TOP_N = "top_n";
  private static final String RETURN_DOCUMENTS = "return_documents";

  public RerankRequest {
    documents = List.copyOf(documents);
  }

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static RerankRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    return new RerankRequest(
        body.requireText("model"),
        body.requireText("query", limits),
        documents(body, limits),
        body.positive(TOP_N, 0),
        body.flag(RETURN_DOCUMENTS));
  }

  private static List<String> documents(JsonBody body, BodyLimits limits) {
    JsonNode value = body.requireArray(DOCUMENTS);
    if (value.isEmpty()) {
      throw JsonBody.invalid(DOCUMENTS, "empty array", "at least one document");
    }
    if (value.size() > limits.maxRows()) {
      throw JsonBody.tooLarge(
          DOCUMENTS, value.size() + " documents", "at most " + limits.maxRows());
    }
    List<String> documents = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      documents.add(document(DOCUMENTS + "[" + i + "]", value.get(i), limits));
    }
    return documents;
  }

  private static String document(String name, JsonNode value, BodyLimits limits) {
    if (value.isTextual()) {
      return JsonBody.text(name, value, limits);
    }
    if (!value.isObject()) {
      throw JsonBody.invalid(name, JsonBody.describe(value), "a string or an object with text");
    }
    return JsonBody.text(name + ".text", value.path("text"), limits);
  }

  /**
   * Writes the body; equal requests give equal bytes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY when a text is no Unicode
   */
  public byte[] encode() {
    return JsonBody.write(
        128 + query.length() + documents.stream().mapToInt(String::length).sum(),
        json -> {
          json.writeStringField("model", model);
          JsonBody.requireWellFormed("query", query);
          json.writeStringField("query", query);
          JsonBody.writeTexts(json, DOCUMENTS, documents);
          if (topN > 0) {
            json.writeNumberField(TOP_N, topN);
          }
          if (returnDocuments) {
            json.writeBooleanField(RETURN_DOCUMENTS, true);
          }
        });
  }
}
