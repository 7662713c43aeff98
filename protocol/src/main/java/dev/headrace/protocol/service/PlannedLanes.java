package dev.headrace.protocol.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The file of lanes that may have no worker: {@code {"lanes":{NAME:{"device_type","usd_per_hour",
 * "startup_seconds","models":{NAME:{"tasks":[...],"fixed_seconds","seconds_per_token",...}}}}}},
 * models as in a worker's heartbeat. In a file, a model may name the {@link ProfileCurve profile}
 * that was measured of it instead of the numbers.
 */
public final class PlannedLanes {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private static final Set<String> MODEL =
      new TreeSet<>(
          Set.of(
              "profile",
              "precision",
              "revision",
              "tasks",
              "fixed_seconds",
              "seconds_per_token",
              "seconds_per_token_squared",
              "relative_error",
              "samples",
              "batch_rows",
              "generation",
              "side_by_side"));

  private PlannedLanes() {}

  /**
   * Reads a file; profiles that it names are looked for from its folder.
   *
   * @throws IOException when one of the files cannot be read
   * @throws IllegalArgumentException naming what is wrong and what was expected
   */
  public static List<PlannedLane> read(Path file) throws IOException {
    JsonNode lanes = lanes(Files.readString(file));
    for (Map.Entry<String, JsonNode> lane : lanes.properties()) {
      for (Map.Entry<String, JsonNode> model : lane.getValue().path("models").properties()) {
        String at = "lanes." + lane.getKey() + ".models." + model.getKey();
        require(model.getValue().isObject(), at, model.getValue().toString(), "an object");
        ObjectNode node = (ObjectNode) model.getValue();
        known(node, at);
        ProfileCurve.into(node, at, file);
      }
    }
    return planned(lanes);
  }

  /** A misspelt name would be a number left at zero. */
  private static void known(ObjectNode model, String at) {
    model
        .fieldNames()
        .forEachRemaining(
            field ->
                require(MODEL.contains(field), at + "." + field, "unknown", "one of " + MODEL));
  }

  /**
   * Reads the file's text, which names no profiles.
   *
   * @throws IllegalArgumentException naming what is wrong and what was expected
   */
  public static List<PlannedLane> parse(String json) {
    return planned(lanes(json));
  }

  private static List<PlannedLane> planned(JsonNode lanes) {
    List<PlannedLane> planned = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : lanes.properties()) {
      planned.add(lane(entry.getKey(), entry.getValue()));
    }
    return List.copyOf(planned);
  }

  /** The file's text for these lanes. */
  public static String encode(List<PlannedLane> planned) {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode lanes = root.putObject("lanes");
    for (PlannedLane lane : planned) {
      ObjectNode node =
          lanes
              .putObject(lane.name())
              .put("device_type", lane.deviceType())
              .put("usd_per_hour", lane.usdPerHour())
              .put("startup_seconds", lane.startupSeconds());
      ObjectNode models = node.putObject("models");
      lane.models().forEach((name, model) -> models.set(name, DeviceReportCodec.model(model)));
    }
    return root.toString();
  }

  private static JsonNode lanes(String json) {
    try {
      JsonNode lanes = MAPPER.readTree(json).path("lanes");
      if (lanes.isObject()) {
        return lanes;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "lanes: no JSON, " + e.getOriginalMessage() + " (expected: {\"lanes\":{...}})", e);
    }
    throw new IllegalArgumentException("lanes: missing (expected: {\"lanes\":{...}})");
  }

  private static PlannedLane lane(String name, JsonNode node) {
    String at = "lanes." + name;
    String type = node.path("device_type").asText(name);
    require(NAME.matcher(name).matches(), at, name, "letters, digits, . _ -");
    require(NAME.matcher(type).matches(), at + ".device_type", type, "letters, digits, . _ -");
    JsonNode models = node.path("models");
    require(!models.isEmpty(), at + ".models", "none", "at least one model");
    try {
      return new PlannedLane(
          name,
          type,
          number(node, at, "usd_per_hour"),
          number(node, at, "startup_seconds"),
          DeviceReportCodec.models(models));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(at + ": " + e.getMessage(), e);
    }
  }

  private static double number(JsonNode node, String at, String field) {
    JsonNode value = node.path(field);
    require(
        value.isNumber() && value.asDouble() >= 0 && Double.isFinite(value.asDouble()),
        at + "." + field,
        value.isMissingNode() ? "missing" : value.toString(),
        "a number >= 0");
    return value.asDouble();
  }

  private static void require(boolean met, String what, String value, String expected) {
    if (!met) {
      throw new IllegalArgumentException(what + ": " + value + " (expected: " + expected + ")");
    }
  }
}
