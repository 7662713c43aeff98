package dev.headrace.worker.model.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code modules.json}: the steps of a sentence-transformers folder. Those that we can run: a
 * transformer, a pooling, and optionally a scaling to length 1.
 *
 * @param transformerPath the folder of the transformer's files, relative; mostly empty
 * @param pooling the pooling
 * @param normalise whether vectors are scaled to length 1
 */
public record SentenceModules(String transformerPath, SentencePooling pooling, boolean normalise) {
  static final String FILE = "modules.json";

  private static final String PACKAGE = "sentence_transformers.";
  private static final String EXPECTED =
      "Transformer, Pooling and perhaps Normalize, in this order";

  /** Empty when there is no {@code modules.json}. */
  static Optional<SentenceModules> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    StrictJson json = HfConfig.json(FILE);
    List<Step> steps = steps(json, json.read(file));
    Path pooling = folder.resolve(steps.get(1).path()).resolve("config.json");
    return Optional.of(
        new SentenceModules(
            steps.get(0).path(), SentencePooling.read(HfConfig.read(pooling)), steps.size() > 2));
  }

  /** One step: the last part of its class's name, and the folder with its files. */
  record Step(String name, String path) {}

  static List<Step> steps(StrictJson json, byte[] utf8) throws MalformedModelException {
    List<Step> steps = new ArrayList<>();
    for (JsonNode node : json.array(utf8)) {
      if (!(node instanceof ObjectNode object)) {
        throw json.malformed("not an object (expected: a list of objects)");
      }
      HfConfig step = HfConfig.of(FILE, object);
      String type = step.string("type");
      if (!type.startsWith(PACKAGE)) {
        // A class of the folder's own is Python code.
        throw step.malformed("type", type, PACKAGE + "*: code in a folder is never run");
      }
      String path = step.string("path", "");
      if (!isInside(path)) {
        throw step.malformed("path", path, "a folder inside this one");
      }
      steps.add(new Step(type.substring(type.lastIndexOf('.') + 1), path));
    }
    checkOrder(json, steps);
    return steps;
  }

  private static void checkOrder(StrictJson json, List<Step> steps) throws MalformedModelException {
    List<String> supported = List.of("Transformer", "Pooling", "Normalize");
    for (int i = 0; i < steps.size(); i++) {
      if (i >= supported.size() || !steps.get(i).name().equals(supported.get(i))) {
        throw json.malformed(
            "module "
                + i
                + ": "
                + StrictJson.quoted(steps.get(i).name())
                + " (expected: "
                + EXPECTED
                + ")");
      }
    }
    if (steps.size() < 2) {
      throw json.malformed(steps.size() + " modules (expected: " + EXPECTED + ")");
    }
  }

  /**
   * Whether a relative path of plain names, such as {@code 1_Pooling}; empty: the folder itself.
   */
  private static boolean isInside(String path) {
    if (path.isEmpty()) {
      return true;
    }
    for (String name : path.split("/", -1)) {
      boolean plain = !name.isEmpty() && !name.startsWith(".");
      for (int i = 0; i < name.length(); i++) {
        char c = name.charAt(i);
        plain &= c != '\\' && c != ':' && !Character.isISOControl(c);
      }
      if (!plain) {
        return false;
      }
    }
    return true;
  }
}
