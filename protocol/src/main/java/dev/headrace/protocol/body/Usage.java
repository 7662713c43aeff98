package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** The {@code usage} object of a response without generated tokens. */
final class Usage {
  private Usage() {}

  static void write(JsonGenerator json, long promptTokens) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", promptTokens);
    json.writeNumberField("total_tokens", promptTokens);
    json.writeEndObject();
  }

  static long promptTokens(JsonBody body) {
    return body.field("usage").map(u -> u.path("prompt_tokens").asLong()).orElse(0L);
  }
}
