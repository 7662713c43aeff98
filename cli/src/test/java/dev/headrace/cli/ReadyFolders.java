package dev.headrace.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.worker.model.hf.ReferenceModel;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The reference model {@code bert} as TorchScript: a folder with a sidecar for each task. */
final class ReadyFolders {
  private static final String SIDECAR =
      """
      {"format": "torchscript", "task": "%s",
       "inputs": ["input_ids", "attention_mask", "token_type_ids"], "outputs": [%s],
       "vocab_size": 150, "max_tokens": 40%s}
      """;

  private static final String TASKS = "\"score\", \"entities\", \"words\"";

  private ReadyFolders() {}

  /** Writes the folders, each called {@code ready-} and its task; gives their names. */
  static List<String> write(ReferenceModel bert, Path directory) throws IOException {
    Path base = bert.assemble("base", Files.createTempDirectory(directory, "base"));
    Path classes = bert.assemble("classification", base);
    Path tokens = bert.assemble("token-classification", base);
    List<String> names = new ArrayList<>();
    String hidden =
        ", \"hidden_size\": 32, \"pooling\": \"cls\", \"normalize\": true, \"output\": \"states\"";
    names.add(write(directory, base, "embeddings", "hidden.pt", "\"states\", \"pooler\"", hidden));
    names.add(
        write(directory, base, "classifications", "labels.pt", "\"logits\"", labels(classes)));
    names.add(write(directory, base, "rerank", "tasks.pt", TASKS, ", \"output\": \"score\""));
    names.add(
        write(
            directory,
            base,
            "token-classifications",
            "tasks.pt",
            TASKS,
            ", \"output\": \"entities\"" + labels(tokens)));
    names.add(write(directory, base, "fill-mask", "tasks.pt", TASKS, ", \"output\": \"words\""));
    return names;
  }

  /** Writes the folder of a model that does not come back from the word "our"; gives its name. */
  static String writeHanging(ReferenceModel bert, Path directory) throws IOException {
    Path base = bert.assemble("base", Files.createTempDirectory(directory, "base"));
    String hidden =
        ", \"hidden_size\": 32, \"pooling\": \"cls\", \"normalize\": true, \"output\": \"states\"";
    return write(directory, base, "embeddings", "hangs.pt", "\"states\"", hidden);
  }

  /** As they stand in {@code id2label}. */
  private static String labels(Path folder) throws IOException {
    JsonNode names =
        new JsonMapper().readTree(folder.resolve("config.json").toFile()).get("id2label");
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      labels.add(names.get(Integer.toString(i)).toString());
    }
    return ", \"labels\": " + labels;
  }

  private static String write(
      Path directory, Path base, String task, String script, String outputs, String more)
      throws IOException {
    Path folder = Files.createDirectory(directory.resolve("ready-" + task));
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(base.resolve(name), folder.resolve(name));
    }
    try {
      String resource = "/reference/torchscript/" + script;
      Path file = Path.of(ReadyFolders.class.getResource(resource).toURI());
      Files.copy(file, folder.resolve("model.pt"));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(script, e);
    }
    Files.writeString(folder.resolve("headrace.json"), SIDECAR.formatted(task, outputs, more));
    return String.valueOf(folder.getFileName());
  }
}
