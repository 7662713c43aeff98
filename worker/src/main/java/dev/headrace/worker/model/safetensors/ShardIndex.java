package dev.headrace.worker.model.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code model.safetensors.index.json}: {@code {"weight_map": {tensor: file}}}. Files are plain
 * names of safetensors files in the same folder; one that is a link is followed, since the cache of
 * Hugging Face's tools consists of links.
 */
final class ShardIndex {
  static final String FILE = "model.safetensors.index.json";
  static final int MAX_BYTES = 32 << 20;

  private static final String SUFFIX = ".safetensors";
  private static final int MAX_NAME = 255;
  private static final int MAX_DEPTH = 8;

  private ShardIndex() {}

  /** Tensor to file name. */
  static Map<String, String> read(Path file) throws IOException {
    StrictJson json = new StrictJson(String.valueOf(file.getFileName()), MAX_BYTES, MAX_DEPTH);
    return parse(json, json.read(file));
  }

  static Map<String, String> parse(StrictJson json, byte[] utf8) throws MalformedModelException {
    if (!(json.object(utf8).get("weight_map") instanceof ObjectNode map)) {
      throw json.malformed("weight_map: missing (expected: an object, tensor to file)");
    }
    Map<String, String> files = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      files.put(entry.getKey(), fileName(json, entry.getKey(), entry.getValue()));
    }
    return Collections.unmodifiableMap(files);
  }

  private static String fileName(StrictJson json, String tensor, JsonNode value)
      throws MalformedModelException {
    String name = value.isTextual() ? value.textValue() : "";
    boolean plain = name.endsWith(SUFFIX) && name.length() <= MAX_NAME && !name.startsWith(".");
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      plain &= c != '/' && c != '\\' && c != ':' && !Character.isISOControl(c);
    }
    if (!plain) {
      throw json.malformed(
          "weight_map: "
              + StrictJson.quoted(tensor)
              + ": "
              + StrictJson.quoted(value.isTextual() ? name : StrictJson.kind(value))
              + " (expected: the plain name of a .safetensors file in the same folder)");
    }
    return name;
  }
}
