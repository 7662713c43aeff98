package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerationException;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.WellFormed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Reads and writes JSON objects; every wrong field is an INVALID_BODY that names it. */
final class JsonBody {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final ObjectReader READER = MAPPER.readerFor(JsonNode.class);

  private final JsonNode node;

  private JsonBody(JsonNode node) {
    this.node = node;
  }

  /** What a response writes into its object. */
  interface Content {
    void write(JsonGenerator json) throws IOException;
  }

  /**
   * Writes an object.
   *
   * @throws FailureException INVALID_BODY when a text is no well-formed Unicode
   */
  static byte[] write(int sizeHint, Content content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(sizeHint);
    try (JsonGenerator json = MAPPER.getFactory().createGenerator(out)) {
      json.writeStartObject();
      content.write(json);
      json.writeEndObject();
    } catch (JsonGenerationException e) {
      throw new FailureException(
          ErrorCode.INVALID_BODY, "text: " + e.getOriginalMessage() + " (expected: Unicode)", e);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  static JsonBody parse(byte[] bytes) {
    String text = utf8(bytes);
    try {
      JsonNode node = READER.readValue(text);
      if (node == null || !node.isObject()) {
        throw invalid("body", node == null ? "nothing" : describe(node), "a JSON object");
      }
      return new JsonBody(node);
    } catch (JsonProcessingException e) {
      throw invalid("body", "bad JSON at " + where(e), "a JSON object");
    }
  }

  /** Given bytes, Jackson guesses their encoding by the first ones; the wire is UTF-8 only. */
  private static String utf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new FailureException(
          ErrorCode.INVALID_BODY, "body: bytes that are not UTF-8 (expected: JSON in UTF-8)", e);
    }
  }

  private static String where(JsonProcessingException e) {
    return e.getLocation() == null
        ? "an unknown place"
        : "line " + e.getLocation().getLineNr() + " column " + e.getLocation().getColumnNr();
  }

  static FailureException invalid(String field, String value, String expected) {
    return new FailureException(
        ErrorCode.INVALID_BODY, field + ": " + value + " (expected: " + expected + ")");
  }

  /** The names of all fields. */
  Iterator<String> names() {
    return node.fieldNames();
  }

  Optional<JsonNode> field(String name) {
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  String requireText(String name) {
    JsonNode value = field(name).orElseThrow(() -> invalid(name, "missing", "a string"));
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw invalid(name, describe(value), "a string that is not empty");
    }
    requireWellFormed(name, value.textValue());
    return value.textValue();
  }

  /** A text or an array of texts, each within the limits. */
  List<String> requireTexts(String name, BodyLimits limits) {
    JsonNode value = field(name).orElseThrow(() -> invalid(name, "missing", "a string or strings"));
    if (value.isTextual()) {
      return List.of(text(name, value, limits));
    }
    if (!value.isArray() || value.isEmpty()) {
      throw invalid(name, describe(value), "a string or an array of strings, not empty");
    }
    if (value.size() > limits.maxRows()) {
      throw tooLarge(name, value.size() + " texts", "at most " + limits.maxRows());
    }
    List<String> texts = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      texts.add(text(name + "[" + i + "]", value.get(i), limits));
    }
    return texts;
  }

  /** A text that is not empty, within the limits. */
  static String text(String name, JsonNode value, BodyLimits limits) {
    if (!value.isTextual()) {
      throw invalid(name, describe(value), "a string");
    }
    if (value.textValue().isEmpty()) {
      throw invalid(name, "empty", "a string that is not empty");
    }
    return anyText(name, value, limits);
  }

  /** A text, within the limits; may be empty. */
  static String anyText(String name, JsonNode value, BodyLimits limits) {
    if (!value.isTextual()) {
      throw invalid(name, describe(value), "a string");
    }
    String text = value.textValue();
    if (text.length() > limits.maxTextChars()) {
      throw tooLarge(name, text.length() + " characters", "at most " + limits.maxTextChars());
    }
    requireWellFormed(name, text);
    return text;
  }

  /** JSON can escape half of a surrogate pair, which no tokenizer and no response can take. */
  static void requireWellFormed(String name, String text) {
    if (!WellFormed.is(text)) {
      throw invalid(name, "half of a surrogate pair", "Unicode");
    }
  }

  /** A text, not empty, within the limits. */
  String requireText(String name, BodyLimits limits) {
    return text(name, field(name).orElseThrow(() -> invalid(name, "missing", "a string")), limits);
  }

  /** A whole number of at least 1, or {@code fallback} when absent. */
  int positive(String name, int fallback) {
    Optional<JsonNode> given = field(name);
    if (given.isEmpty()) {
      return fallback;
    }
    JsonNode value = given.get();
    if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 1) {
      throw invalid(name, describe(value), "an integer >= 1");
    }
    return value.intValue();
  }

  /** {@code true} or {@code false}; the latter when absent. */
  boolean flag(String name) {
    Optional<JsonNode> given = field(name);
    if (given.isPresent() && !given.get().isBoolean()) {
      throw invalid(name, describe(given.get()), "true or false");
    }
    return given.isPresent() && given.get().booleanValue();
  }

  /** A field that is an array. */
  JsonNode requireArray(String name) {
    JsonNode value = field(name).orElseThrow(() -> invalid(name, "missing", "an array"));
    if (!value.isArray()) {
      throw invalid(name, describe(value), "an array");
    }
    return value;
  }

  /** The text of a response's field. */
  static String string(String name, JsonNode value) {
    if (!value.isTextual()) {
      throw invalid(name, describe(value), "a string");
    }
    return value.textValue();
  }

  /** The number of a response's field. */
  static double number(String name, JsonNode value) {
    if (!value.isNumber()) {
      throw invalid(name, describe(value), "a number");
    }
    return value.doubleValue();
  }

  /** The whole number of a response's field, not negative. */
  static int count(String name, JsonNode value) {
    if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 0) {
      throw invalid(name, describe(value), "an integer >= 0");
    }
    return value.intValue();
  }

  /** Writes an array of texts. */
  static void writeTexts(JsonGenerator json, String name, List<String> texts) throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      requireWellFormed(name, text);
      json.writeString(text);
    }
    json.writeEndArray();
  }

  static FailureException tooLarge(String field, String value, String expected) {
    return new FailureException(
        ErrorCode.INPUT_TOO_LARGE, field + ": " + value + " (expected: " + expected + ")");
  }

  /** What a value is, without its content: payloads stay out of messages. */
  static String describe(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> value.textValue().isEmpty() ? "empty string" : "a string";
      case ARRAY -> value.isEmpty() ? "empty array" : "an array";
      case NUMBER, BOOLEAN -> value.asText();
      case OBJECT, POJO -> "an object";
      case NULL, MISSING -> "null";
      case BINARY -> "binary";
    };
  }
}
