package dev.headrace.protocol.service;

import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says about a model that it serves.
 *
 * @param revision digest of the model's files; part of the cache key
 * @param tasks what it does
 * @param curve measured service time
 * @param batchRows rows of a usual batch, for sharing the fixed part; >= 1
 * @param state whether it runs at once
 * @param loadSeconds how long loading takes, as measured or guessed; 0 for a model that is loaded
 * @param precision of its weights, null when the worker does not say
 * @param generation measured service time of generating, null for a model that runs in one shot;
 *     then {@code batchRows} are sequences side by side
 * @param sideBySide what a busy worker runs of it at once
 */
public record ModelReport(
    String revision,
    Set<Task> tasks,
    ServiceCurve curve,
    double batchRows,
    ModelState state,
    double loadSeconds,
    @Nullable NumericPrecision precision,
    @Nullable GenerationCurve generation,
    SideBySide sideBySide) {

  /** A loaded model. */
  public ModelReport(
      String revision,
      Set<Task> tasks,
      ServiceCurve curve,
      double batchRows,
      @Nullable NumericPrecision precision,
      @Nullable GenerationCurve generation) {
    this(
        revision,
        tasks,
        curve,
        batchRows,
        ModelState.LOADED,
        0,
        precision,
        generation,
        SideBySide.NONE);
  }

  public ModelReport {
    tasks = Set.copyOf(tasks);
    if (!(loadSeconds >= 0) || Double.isInfinite(loadSeconds)) {
      throw new IllegalArgumentException("loadSeconds: " + loadSeconds + " (expected: >= 0)");
    }
    if (!(batchRows >= 1) || Double.isInfinite(batchRows)) {
      throw new IllegalArgumentException("batchRows: " + batchRows + " (expected: >= 1)");
    }
  }

  /** A model whose precision is not told. */
  public ModelReport(String revision, Set<Task> tasks, ServiceCurve curve, double batchRows) {
    this(revision, tasks, curve, batchRows, null, null);
  }

  /** A model that runs in one shot. */
  public ModelReport(
      String revision,
      Set<Task> tasks,
      ServiceCurve curve,
      double batchRows,
      @Nullable NumericPrecision precision) {
    this(revision, tasks, curve, batchRows, precision, null);
  }
}
