package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.TokenLogprob.Alternative;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Log probabilities in the two shapes that OpenAI's API has for them. */
final class Logprobs {
  private Logprobs() {}

  static void write(JsonGenerator json, Task task, @Nullable List<TokenLogprob> tokens)
      throws IOException {
    if (tokens == null) {
      json.writeNullField("logprobs");
    } else if (task == Task.CHAT_COMPLETIONS) {
      writeChat(json, tokens);
    } else {
      writeText(json, tokens);
    }
  }

  private static void writeChat(JsonGenerator json, List<TokenLogprob> tokens) throws IOException {
    json.writeObjectFieldStart("logprobs");
    json.writeArrayFieldStart("content");
    for (TokenLogprob token : tokens) {
      json.writeStartObject();
      token(json, token.token(), token.logprob());
      json.writeArrayFieldStart("top_logprobs");
      for (Alternative other : token.top()) {
        json.writeStartObject();
        token(json, other.token(), other.logprob());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void token(JsonGenerator json, String token, double logprob) throws IOException {
    json.writeStringField("token", token);
    number(json, logprob);
    json.writeArrayFieldStart("bytes");
    for (byte b : token.getBytes(StandardCharsets.UTF_8)) {
      json.writeNumber(b & 0xff);
    }
    json.writeEndArray();
  }

  /** JSON has no minus infinity; OpenAI writes -9999 for what is all but impossible. */
  private static void number(JsonGenerator json, double logprob) throws IOException {
    json.writeNumberField("logprob", finite(logprob));
  }

  private static double finite(double logprob) {
    return Double.isFinite(logprob) ? logprob : -9999;
  }

  private static void writeText(JsonGenerator json, List<TokenLogprob> tokens) throws IOException {
    json.writeObjectFieldStart("logprobs");
    json.writeArrayFieldStart("tokens");
    for (TokenLogprob token : tokens) {
      json.writeString(token.token());
    }
    json.writeEndArray();
    json.writeArrayFieldStart("token_logprobs");
    for (TokenLogprob token : tokens) {
      json.writeNumber(finite(token.logprob()));
    }
    json.writeEndArray();
    json.writeArrayFieldStart("top_logprobs");
    for (TokenLogprob token : tokens) {
      json.writeStartObject();
      for (Alternative other : distinct(token.top())) {
        json.writeNumberField(other.token(), finite(other.logprob()));
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("text_offset");
    int offset = 0;
    for (TokenLogprob token : tokens) {
      json.writeNumber(offset);
      offset += token.token().length();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /** Two tokens can look the same, which an object cannot hold: the likelier one stays. */
  private static List<Alternative> distinct(List<Alternative> top) {
    List<Alternative> distinct = new ArrayList<>(top.size());
    for (Alternative other : top) {
      if (distinct.stream().noneMatch(d -> d.token().equals(other.token()))) {
        distinct.add(other);
      }
    }
    return distinct;
  }

  static @Nullable List<TokenLogprob> read(JsonNode value) {
    if (value.path("content").isArray()) {
      return readChat(value.path("content"));
    }
    return value.path("tokens").isArray() ? readText(value) : null;
  }

  private static List<TokenLogprob> readChat(JsonNode content) {
    List<TokenLogprob> tokens = new ArrayList<>(content.size());
    for (JsonNode item : content) {
      List<Alternative> top = new ArrayList<>();
      for (JsonNode other : item.path("top_logprobs")) {
        top.add(new Alternative(other.path("token").asText(), other.path("logprob").asDouble()));
      }
      tokens.add(
          new TokenLogprob(item.path("token").asText(), item.path("logprob").asDouble(), top));
    }
    return tokens;
  }

  private static List<TokenLogprob> readText(JsonNode value) {
    JsonNode texts = value.path("tokens");
    List<TokenLogprob> tokens = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      List<Alternative> top = new ArrayList<>();
      JsonNode others = value.path("top_logprobs").path(i);
      for (Map.Entry<String, JsonNode> other : others.properties()) {
        top.add(new Alternative(other.getKey(), other.getValue().asDouble()));
      }
      tokens.add(
          new TokenLogprob(
              texts.get(i).asText(), value.path("token_logprobs").path(i).asDouble(), top));
    }
    return tokens;
  }
}
