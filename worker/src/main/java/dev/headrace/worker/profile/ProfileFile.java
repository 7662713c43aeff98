package dev.headrace.worker.profile;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.profile.PrecisionProfile.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A {@link DeviceProfile} as JSON; docs/models.md describes it. */
public final class ProfileFile {
  /** In a model's folder; has no part in its revision. */
  public static final String NAME = "headrace-profile.json";

  private static final String FORMAT = "headrace-profile/1";
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int MOST = 1 << 24;

  private ProfileFile() {}

  /** Replaces the file; a reader sees the old or the new one. */
  public static void write(DeviceProfile profile, Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path part = Files.createTempFile(folder, NAME, ".part");
    try {
      Files.writeString(part, MAPPER.writeValueAsString(json(profile)) + "\n");
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** The object that is written. */
  public static ObjectNode json(DeviceProfile profile) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format", FORMAT)
        .put("model", profile.model())
        .put("revision", profile.revision())
        .put("device", profile.device())
        .put("threads", profile.threads())
        .put("max_error", profile.maxError())
        .put("best", profile.best().label());
    ObjectNode precisions = root.putObject("precisions");
    for (PrecisionProfile one : profile.precisions()) {
      ObjectNode node = precisions.putObject(one.precision().label());
      node.put("error", one.maxError()).put("rows_per_second", one.rowsPerSecond());
      node.putObject("curve")
          .put("fixed_seconds", one.curve().fixedSeconds())
          .put("seconds_per_token", one.curve().secondsPerToken())
          .put("seconds_per_token_squared", one.curve().secondsPerTokenSquared())
          .put("relative_error", one.curve().relativeError())
          .put("samples", one.curve().samples());
      ArrayNode rows = node.putArray("batch");
      ArrayNode tokens = node.putArray("tokens");
      ArrayNode seconds = node.putArray("seconds");
      for (Point point : one.points()) {
        rows.add(point.rows());
        tokens.add(point.tokens());
        seconds.add(point.seconds());
      }
    }
    ObjectNode failed = root.putObject("failed");
    profile.failed().forEach((precision, why) -> failed.put(precision.label(), why));
    return root;
  }

  /**
   * Reads a profile.
   *
   * @throws MalformedModelException names the key, the value and what was expected
   */
  public static DeviceProfile read(Path file) throws IOException {
    return parse(HfConfig.read(file));
  }

  static DeviceProfile parse(HfConfig json) throws MalformedModelException {
    String format = json.string("format");
    if (!format.equals(FORMAT)) {
      throw json.malformed("format", format, FORMAT);
    }
    HfConfig all = object(json, "precisions");
    List<PrecisionProfile> precisions = new ArrayList<>();
    // The first is what others are compared with.
    for (Precision precision : Precision.values()) {
      if (all.has(precision.label())) {
        precisions.add(precision(precision, object(all, precision.label())));
      }
    }
    if (precisions.isEmpty() || precisions.get(0).precision() != Precision.FLOAT32) {
      throw json.malformed("precisions", all.keys(), "fp32 among them");
    }
    Map<Precision, String> failed = new LinkedHashMap<>();
    Map<String, String> why = json.texts("failed");
    for (Precision precision : Precision.values()) {
      String reason = why.get(precision.label());
      if (reason != null) {
        failed.put(precision, reason);
      }
    }
    return new DeviceProfile(
        json.string("model"),
        json.string("revision"),
        json.string("device"),
        json.integer("threads", 1, MOST),
        notNegative(json, "max_error"),
        precisions,
        failed);
  }

  private static PrecisionProfile precision(Precision precision, HfConfig json)
      throws MalformedModelException {
    List<Integer> rows = json.integers("batch", 1, MOST);
    List<Integer> tokens = json.integers("tokens", 1, MOST);
    List<Double> seconds = json.numbers("seconds");
    if (rows.isEmpty() || rows.size() != tokens.size() || rows.size() != seconds.size()) {
      throw json.malformed(
          "seconds", seconds.size() + " values", "as many as batch and tokens, at least one");
    }
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (!(seconds.get(i) > 0)) {
        throw json.malformed("seconds", seconds.get(i), "> 0");
      }
      points.add(new Point(rows.get(i), tokens.get(i), seconds.get(i)));
    }
    HfConfig curve = object(json, "curve");
    return new PrecisionProfile(
        precision,
        notNegative(json, "error"),
        new ServiceCurve(
            notNegative(curve, "fixed_seconds"),
            notNegative(curve, "seconds_per_token"),
            notNegative(curve, "seconds_per_token_squared"),
            notNegative(curve, "relative_error"),
            curve.integer("samples", 0, Integer.MAX_VALUE)),
        points);
  }

  private static HfConfig object(HfConfig json, String key) throws MalformedModelException {
    return json.object(key).orElseThrow(() -> json.malformed(key, "missing", "an object"));
  }

  private static double notNegative(HfConfig json, String key) throws MalformedModelException {
    double value = json.number(key);
    if (value < 0) {
      throw json.malformed(key, value, ">= 0");
    }
    return value;
  }
}
