package dev.headrace.policy;

import dev.headrace.protocol.Task;
import java.util.List;
import java.util.Map;

/**
 * A model that workers report.
 *
 * @param revision digest of its files, part of the cache key
 * @param lanes who can run it, by task, ordered by lane; the list of a task that the model does but
 *     that no ready worker serves now is empty
 */
public record ServedModel(String revision, Map<Task, List<Candidate>> lanes) {
  public ServedModel {
    lanes = Map.copyOf(lanes);
  }
}
