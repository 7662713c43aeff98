package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.safetensors.SafetensorsWeights;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a transformer, and those of other steps under the path of their folder: {@code
 * 2_Dense/linear.weight}.
 */
final class FolderWeights implements WeightSource {
  private final WeightSource transformer;
  private final Map<String, WeightSource> steps = new LinkedHashMap<>();

  private FolderWeights(WeightSource transformer) {
    this.transformer = transformer;
  }

  /** Mappings go with the garbage collector, so one that cannot be opened leaves nothing open. */
  static WeightSource open(Path folder, Path transformer, Collection<String> steps)
      throws IOException {
    FolderWeights weights = new FolderWeights(SafetensorsWeights.open(transformer));
    for (String step : steps) {
      weights.steps.put(step + "/", SafetensorsWeights.open(folder.resolve(step)));
    }
    return weights;
  }

  /** Those of the transformer alone: by them its names' prefix is found. */
  @Override
  public Set<String> names() {
    return transformer.names();
  }

  @Override
  public Optional<Tensor> find(String name) throws IOException {
    for (Map.Entry<String, WeightSource> step : steps.entrySet()) {
      if (name.startsWith(step.getKey())) {
        return step.getValue().find(name.substring(step.getKey().length()));
      }
    }
    return transformer.find(name);
  }

  @Override
  public void close() throws IOException {
    for (WeightSource step : steps.values()) {
      step.close();
    }
    transformer.close();
  }
}
