package dev.headrace.protocol.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Heartbeats as a Redis hash: one field a value, the models as JSON. */
public final class DeviceReportCodec {
  private static final JsonMapper MAPPER = new JsonMapper();

  private static final long MAX_EPOCH_SECOND = 253402300799L; // the end of 9999

  private DeviceReportCodec() {}

  /** The fields of the hash. */
  public static Map<String, String> encode(DeviceReport r) {
    Map<String, String> hash = new LinkedHashMap<>();
    hash.put("worker", r.workerId());
    hash.put("device_type", r.deviceType());
    hash.put("lane", r.lane());
    // Absent in what older workers write.
    if (!r.group().isEmpty()) {
      hash.put("group", r.group());
    }
    hash.put("usd_per_hour", Double.toString(r.usdPerHour()));
    hash.put("state", r.state().name());
    hash.put("sent_at", r.sentAt().toString());
    hash.put("queued_seconds", Double.toString(r.queuedSeconds()));
    hash.put("running_seconds", Double.toString(r.runningSeconds()));
    hash.put("memory_free_bytes", Long.toString(r.memoryFreeBytes()));
    // Absent where nothing is known, which is the rule on a CPU, and in what older workers write.
    if (r.memoryUnusedBytes() > 0) {
      hash.put("memory_unused_bytes", Long.toString(r.memoryUnusedBytes()));
    }
    hash.put("utilisation", Double.toString(r.utilisation()));
    ObjectNode models = MAPPER.createObjectNode();
    r.models().forEach((name, model) -> models.set(name, model(model)));
    hash.put("models", models.toString());
    return hash;
  }

  /** A model as in {@link #models}. */
  static ObjectNode model(ModelReport m) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("revision", m.revision());
    m.tasks().stream().sorted().forEach(t -> node.withArray("tasks").add(t.wireName()));
    node.put("fixed_seconds", m.curve().fixedSeconds());
    node.put("seconds_per_token", m.curve().secondsPerToken());
    node.put("seconds_per_token_squared", m.curve().secondsPerTokenSquared());
    node.put("relative_error", m.curve().relativeError());
    node.put("samples", m.curve().samples());
    node.put("batch_rows", m.batchRows());
    // Absent for a loaded model, which is the rule, and in what older workers write.
    if (m.state() != ModelState.LOADED) {
      node.put("state", m.state().wireName());
      node.put("load_seconds", m.loadSeconds());
    }
    if (m.precision() != null) {
      node.put("precision", m.precision().wireName());
    }
    GenerationCurve g = m.generation();
    if (g != null) {
      node.putObject("generation")
          .put("fixed_seconds", g.fixedSeconds())
          .put("seconds_per_prompt_token", g.secondsPerPromptToken())
          .put("seconds_per_sequence", g.secondsPerSequence())
          .put("seconds_per_context_token", g.secondsPerContextToken())
          .put("output_share", g.outputShare())
          .put("relative_error", g.relativeError())
          .put("samples", g.samples());
    }
    if (m.sideBySide().seconds() > 0) {
      node.putObject("side_by_side")
          .put("rows", m.sideBySide().rows())
          .put("seconds", m.sideBySide().seconds());
    }
    return node;
  }

  /** Reads a hash; empty when it is garbage: a bad heartbeat counts as none. */
  public static Optional<DeviceReport> decode(Map<String, String> hash) {
    try {
      return Optional.of(
          new DeviceReport(
              text(hash, "worker"),
              text(hash, "device_type"),
              text(hash, "lane"),
              hash.getOrDefault("group", ""),
              number(hash, "usd_per_hour"),
              WorkerState.valueOf(text(hash, "state")),
              time(text(hash, "sent_at")),
              number(hash, "queued_seconds"),
              number(hash, "running_seconds"),
              Long.parseLong(text(hash, "memory_free_bytes")),
              Long.parseLong(hash.getOrDefault("memory_unused_bytes", "0")),
              number(hash, "utilisation"),
              models(text(hash, "models"))));
    } catch (IllegalArgumentException | DateTimeException | JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static Map<String, ModelReport> models(String json) throws JsonProcessingException {
    return models(MAPPER.readTree(json));
  }

  /** Models as in the JSON of a heartbeat. */
  static Map<String, ModelReport> models(JsonNode json) {
    Map<String, ModelReport> models = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      JsonNode node = entry.getValue();
      Set<Task> tasks = new HashSet<>();
      // A task that this version does not know is some newer worker's: no reason to drop the rest.
      node.path("tasks").forEach(t -> Task.ofWireName(t.asText()).ifPresent(tasks::add));
      ServiceCurve curve =
          new ServiceCurve(
              node.path("fixed_seconds").asDouble(),
              node.path("seconds_per_token").asDouble(),
              node.path("seconds_per_token_squared").asDouble(),
              node.path("relative_error").asDouble(),
              node.path("samples").asLong());
      models.put(
          entry.getKey(),
          new ModelReport(
              node.path("revision").asText(),
              tasks,
              curve,
              node.path("batch_rows").asDouble(1),
              // A state that this version does not know promises nothing.
              ModelState.ofWireName(node.path("state").asText("loaded")).orElse(ModelState.FAILED),
              node.path("load_seconds").asDouble(),
              NumericPrecision.ofWireName(node.path("precision").asText()).orElse(null),
              generation(node.path("generation")),
              sideBySide(node.path("side_by_side"))));
    }
    return models;
  }

  private static SideBySide sideBySide(JsonNode node) {
    return node.isObject()
        ? new SideBySide(node.path("rows").asDouble(1), node.path("seconds").asDouble())
        : SideBySide.NONE;
  }

  private static @Nullable GenerationCurve generation(JsonNode node) {
    return node.isObject()
        ? new GenerationCurve(
            node.path("fixed_seconds").asDouble(),
            node.path("seconds_per_prompt_token").asDouble(),
            node.path("seconds_per_sequence").asDouble(),
            node.path("seconds_per_context_token").asDouble(),
            node.path("output_share").asDouble(),
            node.path("relative_error").asDouble(),
            node.path("samples").asLong())
        : null;
  }

  private static String text(Map<String, String> hash, String field) {
    String value = hash.get(field);
    if (value == null) {
      throw new IllegalArgumentException(field + ": missing (expected: text)");
    }
    return value;
  }

  /** A time whose epoch milliseconds fit: garbage must not overflow in whoever reads it. */
  private static Instant time(String text) {
    Instant time = Instant.parse(text);
    if (time.isBefore(Instant.EPOCH) || time.getEpochSecond() > MAX_EPOCH_SECOND) {
      throw new IllegalArgumentException("sent_at: " + text + " (expected: 1970 to 9999)");
    }
    return time;
  }

  private static double number(Map<String, String> hash, String field) {
    double value = Double.parseDouble(text(hash, field));
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(field + ": " + value + " (expected: finite, >= 0)");
    }
    return value;
  }
}
