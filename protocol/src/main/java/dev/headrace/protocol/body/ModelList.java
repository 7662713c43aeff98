package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The response of {@code /v1/models}. */
public final class ModelList {
  private ModelList() {}

  /**
   * The names in a response.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static List<String> parse(byte[] bytes) {
    List<String> names = new ArrayList<>();
    for (JsonNode item : JsonBody.parse(bytes).requireArray("data")) {
      JsonNode id = item.path("id");
      if (!id.isTextual()) {
        throw JsonBody.invalid("data.id", JsonBody.describe(id), "a string");
      }
      names.add(id.textValue());
    }
    return names;
  }
}
