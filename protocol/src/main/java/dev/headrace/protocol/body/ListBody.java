package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** What the responses with one item for each input have in common, as OpenAI's embeddings do. */
final class ListBody {
  private ListBody() {}

  /** Writes the fields of an item. */
  interface Item {
    void write(JsonGenerator json, int index) throws IOException;
  }

  /**
   * Writes a response.
   *
   * @param object what each item is
   * @throws dev.headrace.protocol.FailureException INVALID_BODY when a text is no well-formed
   *     Unicode
   */
  static byte[] write(
      int sizeHint, String object, int count, Item item, String model, long promptTokens) {
    return JsonBody.write(
        sizeHint,
        json -> {
          json.writeStringField("object", "list");
          json.writeArrayFieldStart("data");
          for (int i = 0; i < count; i++) {
            json.writeStartObject();
            json.writeStringField("object", object);
            json.writeNumberField("index", i);
            item.write(json, i);
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeStringField("model", model);
          Usage.write(json, promptTokens);
        });
  }
}
