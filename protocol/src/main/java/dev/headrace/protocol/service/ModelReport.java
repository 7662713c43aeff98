package dev.headrace.protocol.service;

import dev.headrace.protocol.Task;
import java.util.Set;

/**
 * What a worker says about a model that it serves.
 *
 * @param revision digest of the model's files; part of the cache key
 * @param tasks what it does
 * @param curve measured service time
 * @param batchRows rows of a usual batch, for sharing the fixed part; >= 1
 */
public record ModelReport(String revision, Set<Task> tasks, ServiceCurve curve, double batchRows) {
  public ModelReport {
    tasks = Set.copyOf(tasks);
    if (!(batchRows >= 1) || Double.isInfinite(batchRows)) {
      throw new IllegalArgumentException("batchRows: " + batchRows + " (expected: >= 1)");
    }
  }
}
