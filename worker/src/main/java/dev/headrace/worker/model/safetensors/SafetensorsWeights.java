package dev.headrace.worker.model.safetensors;

import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a Hugging Face folder: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} lists. Like transformers, the single file wins if there are both.
 *
 * <p>Checkpoints from the days of TensorFlow, {@code bert-base-uncased} among them, call the weight
 * and bias of a norm {@code gamma} and {@code beta}; both are found under the newer names.
 */
public final class SafetensorsWeights implements WeightSource {
  static final String FILE = "model.safetensors";

  private static final Map<String, String> OLD_ENDINGS =
      Map.of(
          "LayerNorm.weight", "LayerNorm.gamma",
          "LayerNorm.bias", "LayerNorm.beta");

  /** Tensor to the file that holds it. */
  private final Map<String, SafetensorsFile> files;

  private SafetensorsWeights(Map<String, SafetensorsFile> files) {
    this.files = files;
  }

  /**
   * Maps the files and checks all their headers.
   *
   * @throws MalformedModelException when a file is missing or damaged; names it
   */
  public static SafetensorsWeights open(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    Path index = folder.resolve(ShardIndex.FILE);
    if (Files.isRegularFile(file)) {
      SafetensorsFile single = SafetensorsFile.map(file);
      Map<String, SafetensorsFile> files = new LinkedHashMap<>();
      single.names().forEach(name -> files.put(name, single));
      return new SafetensorsWeights(files);
    }
    if (Files.isRegularFile(index)) {
      return new SafetensorsWeights(shards(folder, ShardIndex.read(index)));
    }
    String pickle =
        Files.exists(folder.resolve("pytorch_model.bin"))
            ? "; pytorch_model.bin is a pickle, which can run code and is never read"
            : "";
    throw new MalformedModelException(
        folder.getFileName()
            + ": no weights (expected: "
            + FILE
            + " or "
            + ShardIndex.FILE
            + pickle
            + ")");
  }

  private static Map<String, SafetensorsFile> shards(Path folder, Map<String, String> index)
      throws IOException {
    Map<String, SafetensorsFile> opened = new HashMap<>();
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : index.entrySet()) {
      SafetensorsFile shard = opened.get(entry.getValue());
      if (shard == null) {
        shard = openShard(folder, entry.getValue());
        opened.put(entry.getValue(), shard);
      }
      if (!shard.names().contains(entry.getKey())) {
        throw new MalformedModelException(
            entry.getValue()
                + ": tensor "
                + StrictJson.quoted(entry.getKey())
                + " is missing (expected: as "
                + ShardIndex.FILE
                + " says)");
      }
      files.put(entry.getKey(), shard);
    }
    return files;
  }

  private static SafetensorsFile openShard(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new MalformedModelException(
          name + ": no such file (expected: a shard, as " + ShardIndex.FILE + " says)");
    }
    return SafetensorsFile.map(file);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(files.keySet());
  }

  @Override
  public Optional<Tensor> find(String name) throws IOException {
    SafetensorsFile file = files.get(name);
    if (file != null) {
      return file.find(name);
    }
    for (Map.Entry<String, String> ending : OLD_ENDINGS.entrySet()) {
      if (name.endsWith(ending.getKey())) {
        String stem = name.substring(0, name.length() - ending.getKey().length());
        SafetensorsFile old = files.get(stem + ending.getValue());
        return old == null ? Optional.empty() : old.find(stem + ending.getValue());
      }
    }
    return Optional.empty();
  }

  /** The mappings go with the garbage collector; there is nothing to close. */
  @Override
  public void close() {}
}
