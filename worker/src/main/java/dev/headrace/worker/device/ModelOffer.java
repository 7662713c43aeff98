package dev.headrace.worker.device;

import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model that an engine can load.
 *
 * @param name in requests
 * @param revision digest of the files; part of the cache key
 * @param tasks what it does
 * @param bytes memory of the device that it takes, as far as is known before it is loaded
 * @param pinned whether it stays once it is loaded
 * @param precision of its weights, null when unknown
 */
public record ModelOffer(
    String name,
    String revision,
    Set<Task> tasks,
    long bytes,
    boolean pinned,
    @Nullable NumericPrecision precision) {
  public ModelOffer {
    tasks = Set.copyOf(tasks);
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
    }
  }
}
