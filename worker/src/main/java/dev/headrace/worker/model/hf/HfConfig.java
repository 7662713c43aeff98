package dev.headrace.worker.model.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of settings, {@code config.json} above all. A key that is {@code null} counts as
 * absent, as transformers writes it. A value of another kind or out of range is a {@link
 * MalformedModelException}: {@code config.json: hidden_size: -1 (expected: 1..65536)}.
 */
public final class HfConfig {
  /** Chosen: configurations with thousands of labels have some 100 KB; chat templates as much. */
  static final int MAX_BYTES = 16 << 20;

  /** Chosen: nothing published has more than six levels. */
  static final int MAX_DEPTH = 32;

  /** As transformers names them when {@code id2label} is missing. */
  private static final int DEFAULT_LABELS = 2;

  private static final int MAX_LABELS = 100_000;

  /** File, and the keys down to this object. */
  private final String where;

  private final ObjectNode values;

  private HfConfig(String where, ObjectNode values) {
    this.where = where;
    this.values = values;
  }

  public static HfConfig read(Path file) throws IOException {
    StrictJson json = json(String.valueOf(file.getFileName()));
    return new HfConfig(String.valueOf(file.getFileName()), json.object(json.read(file)));
  }

  /** Reads a document; {@code name} is what messages call it. */
  public static HfConfig parse(String name, byte[] utf8) throws MalformedModelException {
    return new HfConfig(name, json(name).object(utf8));
  }

  static HfConfig of(String name, ObjectNode values) {
    return new HfConfig(name, values);
  }

  static StrictJson json(String name) {
    return new StrictJson(name, MAX_BYTES, MAX_DEPTH);
  }

  public boolean has(String key) {
    return values.hasNonNull(key);
  }

  /** For keys that hold a string or something else. */
  public boolean isString(String key) {
    return values.path(key).isTextual();
  }

  public Set<String> keys() {
    Set<String> keys = new TreeSet<>();
    values.fieldNames().forEachRemaining(keys::add);
    return Collections.unmodifiableSet(keys);
  }

  public String string(String key) throws MalformedModelException {
    return optionalString(key).orElseThrow(() -> missing(key, "a string"));
  }

  public String string(String key, String fallback) throws MalformedModelException {
    return optionalString(key).orElse(fallback);
  }

  public Optional<String> optionalString(String key) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      throw wrong(key, value, "a string");
    }
    return Optional.of(value.textValue());
  }

  /** The text of a token: a string or, in older files, an object with its content. */
  public Optional<String> token(String key) throws MalformedModelException {
    if (isString(key)) {
      return optionalString(key);
    }
    Optional<HfConfig> object = object(key);
    return object.isPresent() ? Optional.of(object.get().string("content")) : Optional.empty();
  }

  /** A whole number between {@code least} and {@code most}. */
  public int integer(String key, int least, int most) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      throw missing(key, least + ".." + most);
    }
    return integer(key, value, least, most);
  }

  /** A whole number between {@code least} and {@code most}, or {@code fallback} when absent. */
  public int integer(String key, int least, int most, int fallback) throws MalformedModelException {
    JsonNode value = find(key);
    return value == null ? fallback : integer(key, value, least, most);
  }

  private int integer(String key, JsonNode value, int least, int most)
      throws MalformedModelException {
    // Also 64.0, as some scripts write it.
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number >= least && number <= most) || number != Math.rint(number)) {
      throw wrong(key, value, least + ".." + most);
    }
    return (int) number;
  }

  public double number(String key) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      throw missing(key, "a number");
    }
    return finite(key, value);
  }

  public double number(String key, double fallback) throws MalformedModelException {
    JsonNode value = find(key);
    return value == null ? fallback : finite(key, value);
  }

  private double finite(String key, JsonNode value) throws MalformedModelException {
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw wrong(key, value, "a number");
    }
    return value.doubleValue();
  }

  public boolean flag(String key, boolean fallback) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw wrong(key, value, "true or false");
    }
    return value.booleanValue();
  }

  /** The object under this key. */
  public Optional<HfConfig> object(String key) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof ObjectNode object) {
      return Optional.of(new HfConfig(at(key), object));
    }
    throw wrong(key, value, "an object");
  }

  /** The strings of a list; one string alone counts as a list of it. Empty when absent. */
  public List<String> strings(String key) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      return List.of();
    }
    List<String> strings = new ArrayList<>();
    for (JsonNode element : value.isTextual() ? List.of(value) : elements(key, value)) {
      if (!element.isTextual()) {
        throw wrong(key, element, "strings");
      }
      strings.add(element.textValue());
    }
    return Collections.unmodifiableList(strings);
  }

  /** The whole numbers of a list. Empty when absent. */
  public List<Integer> integers(String key, int least, int most) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      return List.of();
    }
    List<Integer> integers = new ArrayList<>();
    for (JsonNode element : elements(key, value)) {
      integers.add(integer(key, element, least, most));
    }
    return Collections.unmodifiableList(integers);
  }

  /** The numbers of a list. Empty when absent. */
  public List<Double> numbers(String key) throws MalformedModelException {
    JsonNode value = find(key);
    if (value == null) {
      return List.of();
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode element : elements(key, value)) {
      numbers.add(finite(key, element));
    }
    return Collections.unmodifiableList(numbers);
  }

  private Iterable<JsonNode> elements(String key, JsonNode value) throws MalformedModelException {
    if (!value.isArray()) {
      throw wrong(key, value, "a list");
    }
    return value;
  }

  /** The strings of an object, by their keys, in its order. Empty when absent. */
  public Map<String, String> texts(String key) throws MalformedModelException {
    Optional<HfConfig> object = object(key);
    if (object.isEmpty()) {
      return Map.of();
    }
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : object.get().values.properties()) {
      texts.put(entry.getKey(), object.get().string(entry.getKey()));
    }
    return Collections.unmodifiableMap(texts);
  }

  /**
   * The names of a classifier's outputs in their order: {@code id2label}, else as many as {@code
   * num_labels} says, called {@code LABEL_0} and so on.
   */
  public List<String> labels() throws MalformedModelException {
    Map<String, String> byId = texts("id2label");
    List<String> labels = new ArrayList<>();
    int count = byId.isEmpty() ? integer("num_labels", 1, MAX_LABELS, DEFAULT_LABELS) : byId.size();
    for (int i = 0; i < count; i++) {
      String label = byId.isEmpty() ? "LABEL_" + i : byId.get(Integer.toString(i));
      if (label == null) {
        throw missing("id2label." + i, "a label for each of 0.." + (count - 1));
      }
      labels.add(label);
    }
    return Collections.unmodifiableList(labels);
  }

  private @Nullable JsonNode find(String key) {
    JsonNode value = values.get(key);
    return value == null || value.isNull() ? null : value;
  }

  private String at(String key) {
    return where + ": " + StrictJson.quoted(key);
  }

  private MalformedModelException missing(String key, String expected) {
    return new MalformedModelException(at(key) + ": missing (expected: " + expected + ")");
  }

  private MalformedModelException wrong(String key, JsonNode value, String expected) {
    String found = value.isContainerNode() ? StrictJson.kind(value) : value.toString();
    return malformed(key, StrictJson.quoted(found), expected);
  }

  /** The error for a value that is of the right kind and still not possible. */
  public MalformedModelException malformed(String key, Object value, String expected) {
    return new MalformedModelException(
        at(key)
            + ": "
            + StrictJson.quoted(String.valueOf(value))
            + " (expected: "
            + expected
            + ")");
  }

  @Override
  public String toString() {
    return where;
  }
}
