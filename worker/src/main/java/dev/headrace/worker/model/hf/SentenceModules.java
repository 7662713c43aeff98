package dev.headrace.worker.model.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.DenseLayer;
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
 * transformer, a pooling, perhaps dense layers, and perhaps a scaling to length 1.
 *
 * @param transformerPath the folder of the transformer's files, relative; mostly empty
 * @param pooling the pooling
 * @param dense layers behind the pooling, in order; mostly none
 * @param normalise whether vectors are scaled to length 1
 */
public record SentenceModules(
    String transformerPath, SentencePooling pooling, List<DenseLayer> dense, boolean normalise) {
  static final String FILE = "modules.json";

  private static final String PACKAGE = "sentence_transformers.";
  private static final String EXPECTED =
      "Transformer, Pooling, perhaps Dense and perhaps Normalize, in this order";
  private static final String DENSE = "Dense";
  private static final String NORMALIZE = "Normalize";

  public SentenceModules {
    dense = List.copyOf(dense);
  }

  /**
   * Empty when there is no {@code modules.json}.
   *
   * @param crossEncoder whether the folder is one of a cross-encoder, which sentence-transformers
   *     from 5.4 on writes as a transformer alone: then it is empty too
   */
  static Optional<SentenceModules> read(Path folder, boolean crossEncoder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    StrictJson json = HfConfig.json(FILE);
    List<Step> steps = steps(json, json.read(file), crossEncoder);
    if (crossEncoder) {
      return Optional.empty();
    }
    List<DenseLayer> dense = new ArrayList<>();
    for (Step step : steps) {
      if (step.name().equals(DENSE)) {
        dense.add(SentenceDense.read(step.path(), config(folder, step)));
      }
    }
    return Optional.of(
        new SentenceModules(
            steps.get(0).path(),
            SentencePooling.read(config(folder, steps.get(1))),
            dense,
            steps.get(steps.size() - 1).name().equals(NORMALIZE)));
  }

  /** The folders of the dense layers. */
  List<String> densePaths() {
    return dense.stream()
        .map(layer -> layer.weights().substring(0, layer.weights().lastIndexOf('/')))
        .toList();
  }

  private static HfConfig config(Path folder, Step step) throws IOException {
    return HfConfig.read(folder.resolve(step.path()).resolve("config.json"));
  }

  /** One step: the last part of its class's name, and the folder with its files. */
  record Step(String name, String path) {}

  static List<Step> steps(StrictJson json, byte[] utf8, boolean crossEncoder)
      throws MalformedModelException {
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
    if (crossEncoder) {
      checkAlone(json, steps);
    } else {
      checkOrder(json, steps);
    }
    return steps;
  }

  private static void checkAlone(StrictJson json, List<Step> steps) throws MalformedModelException {
    List<String> names = steps.stream().map(Step::name).toList();
    boolean here = steps.stream().allMatch(step -> step.path().isEmpty());
    if (!names.equals(List.of("Transformer")) || !here) {
      throw json.malformed(
          StrictJson.quoted(names.toString())
              + " (expected: a Transformer alone, in this folder: a cross-encoder)");
    }
  }

  private static void checkOrder(StrictJson json, List<Step> steps) throws MalformedModelException {
    for (int i = 0; i < steps.size(); i++) {
      if (!fits(i, steps.size(), steps.get(i).name())) {
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

  private static boolean fits(int place, int count, String name) {
    return switch (place) {
      case 0 -> name.equals("Transformer");
      case 1 -> name.equals("Pooling");
      default -> name.equals(DENSE) || (name.equals(NORMALIZE) && place == count - 1);
    };
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
