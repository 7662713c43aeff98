package dev.headrace.worker.model.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headrace.worker.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A tiny model with random weights and what transformers computes from it: {@code
 * src/test/resources/reference}, whose README.md says what is in the files.
 */
public final class ReferenceModel {
  private static final List<String> NAMES =
      List.of("bert", "bert-plain", "roberta", "xlm-roberta", "distilbert", "mpnet", "modernbert");

  private final String name;
  private final Path resources;
  private final JsonNode json;

  private ReferenceModel(String name, Path resources) throws IOException {
    this.name = name;
    this.resources = resources;
    this.json = new ObjectMapper().readTree(resources.resolve("cases.json").toFile());
  }

  public static List<String> names() {
    return NAMES;
  }

  public static ReferenceModel named(String name) throws IOException {
    try {
      String cases = "/reference/" + name + "/cases.json";
      return new ReferenceModel(
          name, Path.of(ReferenceModel.class.getResource(cases).toURI()).getParent());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(name, e);
    }
  }

  /** The limit that {@code ids} were cut to, but for the embeddings of mpnet. */
  public int maxTokens() {
    return json.get("max_tokens").intValue();
  }

  public List<String> folders() {
    List<String> folders = new ArrayList<>();
    json.get("folders").fieldNames().forEachRemaining(folders::add);
    return folders;
  }

  /** Makes the Hugging Face folder of that name inside {@code directory}. */
  public Path assemble(String folder, Path directory) throws IOException {
    Path target = directory.resolve(name + "-" + folder);
    for (Map.Entry<String, JsonNode> file : json.get("folders").get(folder).properties()) {
      Path path = target.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.copy(resources.resolve(file.getValue().textValue()), path);
    }
    return target;
  }

  /** The cases of a task: hidden, embedding, classification and so on. */
  public List<Case> cases(String task) {
    List<Case> cases = new ArrayList<>();
    for (JsonNode node : json.get("cases")) {
      if (node.get("task").textValue().equals(task)) {
        cases.add(new Case(node, resources.resolve("expected.safetensors")));
      }
    }
    return cases;
  }

  /** Inputs and what is expected of each; {@code json} has the options of the case, too. */
  public record Case(JsonNode json, Path tensors) {
    public String name() {
      return json.get("name").textValue();
    }

    public String folder() {
      return json.get("folder").textValue();
    }

    public int size() {
      return json.get("inputs").size();
    }

    public JsonNode input(int row) {
      return json.get("inputs").get(row);
    }

    public JsonNode expected(int row) {
      return json.get("expected").get(row);
    }

    /** {@code ids [tokens]} of a row, or its {@code types}, all 0 where there are none. */
    public int[] tokens(int row, String key) {
      JsonNode ids = input(row).get("ids");
      JsonNode values = input(row).get(key);
      int[] tokens = new int[ids.size()];
      for (int i = 0; i < tokens.length && values != null; i++) {
        tokens[i] = values.get(i).intValue();
      }
      return tokens;
    }

    /** The numbers expected of a row: its {@code tensor} or else its list {@code key}. */
    public float[] floats(int row, String key) throws IOException {
      JsonNode expected = expected(row);
      if (expected.has("tensor")) {
        String tensor = expected.get("tensor").textValue();
        return SafetensorsFile.map(tensors).find(tensor).orElseThrow().toFloats();
      }
      JsonNode list = expected.get(key);
      float[] floats = new float[list.size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = list.get(i).floatValue();
      }
      return floats;
    }

    @Override
    public String toString() {
      return name();
    }
  }
}
