package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Size;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the fields that chat and completion requests share. A field that this version
 * does not know is an error: a misspelt limit must not run for minutes. What OpenAI's clients send
 * about billing and bookkeeping is read over.
 */
final class OptionFields {
  static final int MAX_TOKENS = 1 << 20;
  static final int MAX_LOGPROBS = 20;
  private static final int MAX_CHOICES = 128;
  private static final int MAX_STOPS = 16;
  private static final int MAX_STOP_CHARS = 1000;

  private static final List<String> READ =
      List.of(
          "model",
          "max_tokens",
          "n",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "presence_penalty",
          "frequency_penalty",
          "repetition_penalty",
          "seed",
          "stop",
          "stop_token_ids",
          "ignore_eos",
          "stream",
          "stream_options",
          "response_format");

  /** Without meaning here. */
  private static final List<String> READ_OVER =
      List.of(
          "user",
          "metadata",
          "store",
          "service_tier",
          "safety_identifier",
          "prompt_cache_key",
          "parallel_tool_calls");

  /** Known, not done; the value that asks for nothing is allowed. */
  private static final List<Undone> UNDONE =
      List.of(
          new Undone("tools", "[]"),
          new Undone("tool_choice", "\"none\""),
          new Undone("functions", "[]"),
          new Undone("function_call", "\"none\""),
          new Undone("logit_bias", "{}"),
          new Undone("suffix", "\"\""),
          new Undone("echo", "false"),
          new Undone("best_of", "1"),
          new Undone("modalities", "[\"text\"]"));

  private record Undone(String name, String harmless) {}

  private final JsonBody body;
  private final BodyLimits limits;

  OptionFields(JsonBody body, BodyLimits limits) {
    this.body = body;
    this.limits = limits;
  }

  /** All names that a request may have, with these of its own. */
  static Set<String> names(String... own) {
    Set<String> names = new HashSet<>(READ);
    names.addAll(READ_OVER);
    UNDONE.forEach(u -> names.add(u.name()));
    names.addAll(List.of(own));
    return Set.copyOf(names);
  }

  void requireKnown(Set<String> names) {
    for (Iterator<String> it = body.names(); it.hasNext(); ) {
      String name = it.next();
      if (!names.contains(name)) {
        Set<String> expected = new TreeSet<>(names);
        READ_OVER.forEach(expected::remove);
        UNDONE.forEach(u -> expected.remove(u.name()));
        throw JsonBody.invalid(name, "unknown field", "one of " + String.join(", ", expected));
      }
    }
    for (Undone undone : UNDONE) {
      Optional<JsonNode> given = body.field(undone.name());
      if (given.isPresent() && !given.get().toString().equals(undone.harmless())) {
        throw JsonBody.invalid(
            undone.name(), JsonBody.describe(given.get()), "none, it is not supported");
      }
    }
  }

  /** All options; limit and log probabilities are spelt differently in the two requests. */
  GenerationOptions options(int maxTokens, int logprobs) {
    Sampling sampling =
        new Sampling(
            real("temperature", 1, 0, 2),
            topP(),
            Math.max(0, integer("top_k", 0, -1, MAX_TOKENS)),
            real("min_p", 0, 0, 1),
            real("presence_penalty", 0, -2, 2),
            real("frequency_penalty", 0, -2, 2),
            repetition(),
            seed(),
            stops(),
            stopTokens(),
            logprobs,
            flag("ignore_eos"));
    return new GenerationOptions(
        maxTokens, integer("n", 1, 1, MAX_CHOICES), sampling, flag("stream"), responseFormat());
  }

  private double topP() {
    double value = real("top_p", 1, 0, 1);
    if (value == 0) {
      throw JsonBody.invalid("top_p", "0", "over 0, at most 1");
    }
    return value;
  }

  private double repetition() {
    double value = real("repetition_penalty", 1, 0, 10);
    if (value == 0) {
      throw JsonBody.invalid("repetition_penalty", "0", "over 0, at most 10");
    }
    return value;
  }

  private @Nullable Long seed() {
    Optional<JsonNode> given = body.field("seed");
    if (given.isEmpty()) {
      return null;
    }
    if (!given.get().isIntegralNumber() || !given.get().canConvertToLong()) {
      throw JsonBody.invalid("seed", JsonBody.describe(given.get()), "an integer of 64 bits");
    }
    return given.get().longValue();
  }

  private List<String> stops() {
    Optional<JsonNode> given = body.field("stop");
    if (given.isEmpty()) {
      return List.of();
    }
    JsonNode value = given.get();
    if (value.isTextual()) {
      return List.of(stop("stop", value));
    }
    if (!value.isArray() || value.size() > MAX_STOPS) {
      throw JsonBody.invalid(
          "stop",
          value.isArray() ? value.size() + " strings" : JsonBody.describe(value),
          "a string or at most " + MAX_STOPS + " strings");
    }
    List<String> stops = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      stops.add(stop("stop[" + i + "]", value.get(i)));
    }
    return stops;
  }

  private String stop(String field, JsonNode value) {
    String text = JsonBody.text(field, value, limits);
    if (text.length() > MAX_STOP_CHARS) {
      throw JsonBody.tooLarge(field, text.length() + " characters", "at most " + MAX_STOP_CHARS);
    }
    return text;
  }

  private List<Integer> stopTokens() {
    Optional<JsonNode> given = body.field("stop_token_ids");
    if (given.isEmpty()) {
      return List.of();
    }
    JsonNode value = given.get();
    if (!value.isArray() || value.size() > MAX_STOPS) {
      throw JsonBody.invalid(
          "stop_token_ids", JsonBody.describe(value), "at most " + MAX_STOPS + " token ids");
    }
    List<Integer> ids = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      ids.add(token("stop_token_ids[" + i + "]", value.get(i)));
    }
    return ids;
  }

  static int token(String field, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
      throw JsonBody.invalid(field, JsonBody.describe(value), "the id of a token, >= 0");
    }
    return value.intValue();
  }

  private @Nullable String responseFormat() {
    Optional<JsonNode> given = body.field("response_format");
    if (given.isEmpty()) {
      return null;
    }
    JsonNode value = given.get();
    String type = value.path("type").asText("missing");
    return switch (type) {
      case "text" -> null;
      case "json_object" -> value.toString();
      case "json_schema" -> {
        if (!value.path("json_schema").path("schema").isObject()) {
          throw JsonBody.invalid(
              "response_format.json_schema.schema",
              JsonBody.describe(value.path("json_schema").path("schema")),
              "an object");
        }
        yield value.toString();
      }
      default ->
          throw JsonBody.invalid("response_format.type", type, "text, json_object or json_schema");
    };
  }

  int integer(String name, int absent, int min, int max) {
    Optional<JsonNode> given = body.field(name);
    if (given.isEmpty()) {
      return absent;
    }
    JsonNode value = given.get();
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < min
        || value.intValue() > max) {
      throw JsonBody.invalid(name, JsonBody.describe(value), "an integer, " + min + ".." + max);
    }
    return value.intValue();
  }

  boolean flag(String name) {
    Optional<JsonNode> given = body.field(name);
    if (given.isEmpty()) {
      return false;
    }
    if (!given.get().isBoolean()) {
      throw JsonBody.invalid(name, JsonBody.describe(given.get()), "true or false");
    }
    return given.get().booleanValue();
  }

  private double real(String name, double absent, int min, int max) {
    Optional<JsonNode> given = body.field(name);
    if (given.isEmpty()) {
      return absent;
    }
    JsonNode value = given.get();
    double number = value.doubleValue();
    if (!value.isNumber() || !(number >= min && number <= max)) {
      throw JsonBody.invalid(name, JsonBody.describe(value), "a number, " + min + ".." + max);
    }
    return number;
  }

  /** What differs from the defaults, always in the same order; without log probabilities. */
  static void write(JsonGenerator json, GenerationOptions o, boolean forServer) throws IOException {
    Sampling s = o.sampling();
    Sampling usual = Sampling.DEFAULT;
    number(json, "max_tokens", o.maxTokens(), 0);
    number(json, "n", o.choices(), 1);
    number(json, "temperature", s.temperature(), forServer ? Double.NaN : usual.temperature());
    number(json, "top_p", s.topP(), forServer ? Double.NaN : usual.topP());
    number(json, "top_k", s.topK(), usual.topK());
    number(json, "min_p", s.minP(), usual.minP());
    number(json, "presence_penalty", s.presencePenalty(), usual.presencePenalty());
    number(json, "frequency_penalty", s.frequencyPenalty(), usual.frequencyPenalty());
    number(json, "repetition_penalty", s.repetitionPenalty(), usual.repetitionPenalty());
    if (s.seed() != null) {
      json.writeNumberField("seed", s.seed());
    }
    if (!s.stop().isEmpty()) {
      json.writeArrayFieldStart("stop");
      for (String stop : s.stop()) {
        JsonBody.requireWellFormed("stop", stop);
        json.writeString(stop);
      }
      json.writeEndArray();
    }
    if (!s.stopTokens().isEmpty()) {
      json.writeArrayFieldStart("stop_token_ids");
      for (int id : s.stopTokens()) {
        json.writeNumber(id);
      }
      json.writeEndArray();
    }
    if (s.ignoreEnd()) {
      json.writeBooleanField("ignore_eos", true);
    }
    if (o.stream()) {
      json.writeBooleanField("stream", true);
      if (forServer) {
        json.writeObjectFieldStart("stream_options");
        json.writeBooleanField("include_usage", true);
        json.writeEndObject();
      }
    }
    if (o.responseFormat() != null) {
      json.writeFieldName("response_format");
      json.writeRawValue(o.responseFormat());
    }
  }

  private static void number(JsonGenerator json, String name, double value, double usual)
      throws IOException {
    if (value == usual) {
      return;
    }
    if (value == Math.rint(value)) {
      json.writeNumberField(name, (long) value);
    } else {
      json.writeNumberField(name, value);
    }
  }

  /** The work of a request with so many bytes of prompts. */
  static Size size(long bytes, int prompts, GenerationOptions options) {
    int rows = prompts * options.choices();
    int each = options.maxTokens() == 0 ? GenerationRequest.USUAL_MAX_TOKENS : options.maxTokens();
    Size prompt = Size.ofBytes(prompts, bytes);
    return new Size(rows, prompt.tokens() * options.choices(), (long) rows * each);
  }
}
