package dev.headrace.protocol.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The service curve in a file that {@code headrace profile} wrote (docs/models.md), for a model of
 * the fleet file: {@code "profile": PATH}, and {@code "precision"} if it is not to be the profile's
 * best. Of a profile only this is read here; the worker's module has all of it.
 */
final class ProfileCurve {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String FORMAT = "headrace-profile/1";
  private static final List<String> CURVE =
      List.of(
          "fixed_seconds",
          "seconds_per_token",
          "seconds_per_token_squared",
          "relative_error",
          "samples");

  private ProfileCurve() {}

  /**
   * Puts curve, revision and precision of the profile that a model names in its place; what the
   * model says itself stands.
   *
   * @param at where the model is, for messages
   * @param fleetFile from whose folder the profile is looked for
   */
  static void into(ObjectNode model, String at, Path fleetFile) throws IOException {
    JsonNode name = model.remove("profile");
    if (name == null) {
      return;
    }
    String where = at + ".profile";
    require(name.isTextual(), where, name.toString(), "a file of headrace profile");
    Path file = fleetFile.toAbsolutePath().resolveSibling(name.textValue());
    require(Files.isRegularFile(file), where, file.toString(), "a file of headrace profile");
    JsonNode profile = json(file, where);
    String format = profile.path("format").asText();
    require(format.equals(FORMAT), where, file + " of format \"" + format + "\"", FORMAT);
    String precision = model.path("precision").asText(profile.path("best").asText());
    JsonNode curve = profile.path("precisions").path(precision).path("curve");
    require(
        curve.isObject(),
        at + ".precision",
        precision,
        "one that was measured in " + file + ": " + names(profile.path("precisions")));
    for (String field : CURVE) {
      JsonNode value = curve.path(field);
      require(
          value.isNumber() && value.asDouble() >= 0 && Double.isFinite(value.asDouble()),
          where,
          file + " with curve." + field + " " + value,
          "a number >= 0");
      putIfAbsent(model, field, value);
    }
    putIfAbsent(model, "revision", profile.path("revision"));
    model.put("precision", precision);
  }

  private static JsonNode json(Path file, String where) throws IOException {
    try {
      return MAPPER.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          where + ": " + file + " is no JSON (expected: a file of headrace profile)", e);
    }
  }

  private static String names(JsonNode object) {
    StringBuilder names = new StringBuilder();
    object.fieldNames().forEachRemaining(n -> names.append(names.isEmpty() ? "" : ", ").append(n));
    return names.toString();
  }

  private static void putIfAbsent(ObjectNode model, String field, JsonNode value) {
    if (!model.has(field)) {
      model.set(field, value);
    }
  }

  private static void require(boolean met, String what, String value, String expected) {
    if (!met) {
      throw new IllegalArgumentException(what + ": " + value + " (expected: " + expected + ")");
    }
  }
}
