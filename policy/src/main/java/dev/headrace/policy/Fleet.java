package dev.headrace.policy;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The lanes and what they serve; changes only when heartbeats do.
 *
 * @param lanes ordered by name
 * @param models by name
 */
public record Fleet(List<Lane> lanes, Map<String, ServedModel> models) {
  /** Nobody serves anything. */
  public static final Fleet EMPTY = new Fleet(List.of(), Map.of());

  public Fleet {
    lanes = List.copyOf(lanes);
    models = Map.copyOf(models);
  }

  /** The model, or null when no worker reports it. */
  public @Nullable ServedModel model(String name) {
    return models.get(name);
  }
}
