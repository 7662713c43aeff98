package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The body of {@code /v1/classifications}: {@code {"model","input","labels"}}. A label is a string,
 * or {@code {"name","description"}}; the description says in words what belongs there. Models that
 * were trained on labels of their own are asked without {@code labels}.
 *
 * @param model name of the model
 * @param input texts to classify, in order
 * @param labels at least two, names unique; none for the model's own
 */
public record ClassificationsRequest(String model, List<String> input, List<Label> labels) {
  public ClassificationsRequest {
    input = List.copyOf(input);
    labels = List.copyOf(labels);
  }

  /** A class with the words that describe it. */
  public record Label(String name, String description) {}

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static ClassificationsRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    return new ClassificationsRequest(
        body.requireText("model"), body.requireTexts("input", limits), labels(body, limits));
  }

  private static List<Label> labels(JsonBody body, BodyLimits limits) {
    Optional<JsonNode> given = body.field("labels");
    if (given.isEmpty()) {
      return List.of();
    }
    JsonNode value = given.get();
    if (!value.isArray() || value.size() < 2) {
      throw JsonBody.invalid("labels", JsonBody.describe(value), "an array of at least two labels");
    }
    if (value.size() > limits.maxLabels()) {
      throw JsonBody.tooLarge("labels", value.size() + " labels", "at most " + limits.maxLabels());
    }
    List<Label> labels = new ArrayList<>(value.size());
    Set<String> names = new HashSet<>();
    for (int i = 0; i < value.size(); i++) {
      Label label = label("labels[" + i + "]", value.get(i), limits);
      if (!names.add(label.name())) {
        throw JsonBody.invalid("labels[" + i + "]", "a name given twice", "unique names");
      }
      labels.add(label);
    }
    return labels;
  }

  private static Label label(String field, JsonNode value, BodyLimits limits) {
    if (value.isTextual()) {
      String name = text(field, value, limits);
      return new Label(name, name);
    }
    if (!value.isObject()) {
      throw JsonBody.invalid(field, JsonBody.describe(value), "a string or an object with name");
    }
    String name = text(field + ".name", value.path("name"), limits);
    JsonNode description = value.path("description");
    return new Label(
        name,
        description.isMissingNode() ? name : text(field + ".description", description, limits));
  }

  private static String text(String field, JsonNode value, BodyLimits limits) {
    if (!value.isTextual() || value.textValue().isBlank()) {
      throw JsonBody.invalid(field, JsonBody.describe(value), "a string that is not blank");
    }
    if (value.textValue().length() > limits.maxTextChars()) {
      throw JsonBody.tooLarge(
          field, value.textValue().length() + " characters", "at most " + limits.maxTextChars());
    }
    JsonBody.requireWellFormed(field, value.textValue());
    return value.textValue();
  }

  /**
   * Writes the body; equal requests give equal bytes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY when a text is no Unicode
   */
  public byte[] encode() {
    return JsonBody.write(
        256 + input.stream().mapToInt(String::length).sum(),
        json -> {
          json.writeStringField("model", model);
          JsonBody.writeTexts(json, "input", input);
          if (!labels.isEmpty()) {
            writeLabels(json);
          }
        });
  }

  private void writeLabels(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("labels");
    for (Label label : labels) {
      JsonBody.requireWellFormed("labels", label.name());
      JsonBody.requireWellFormed("labels", label.description());
      json.writeStartObject();
      json.writeStringField("name", label.name());
      json.writeStringField("description", label.description());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
