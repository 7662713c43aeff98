package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/**
 * The tokens of a generation.
 *
 * @param promptTokens of all prompts, each counted once
 * @param completionTokens of all choices
 * @param cachedTokens prompt tokens whose keys and values were known already
 */
public record TokenUsage(long promptTokens, long completionTokens, long cachedTokens) {
  static final TokenUsage NONE = new TokenUsage(0, 0, 0);

  public long totalTokens() {
    return promptTokens + completionTokens;
  }

  void write(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", promptTokens);
    json.writeNumberField("completion_tokens", completionTokens);
    json.writeNumberField("total_tokens", totalTokens());
    if (cachedTokens > 0) {
      json.writeObjectFieldStart("prompt_tokens_details");
      json.writeNumberField("cached_tokens", cachedTokens);
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  static TokenUsage read(JsonNode usage) {
    return new TokenUsage(
        usage.path("prompt_tokens").asLong(),
        usage.path("completion_tokens").asLong(),
        usage.path("prompt_tokens_details").path("cached_tokens").asLong());
  }
}
