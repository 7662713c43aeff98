package dev.headrace.worker.loop;

import dev.headrace.worker.batch.Batch;
import dev.headrace.worker.batch.RowRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The batches that the device was given, and which of their rows are not finished. */
final class OnDevice {
  private final Map<Long, Given> given = new LinkedHashMap<>();
  private final RunningNames names = new RunningNames();
  private long next;
  private int batches;

  /** A batch before the device; a row is replaced by null when it is finished. */
  private static final class Given {
    final Batch batch;
    final @Nullable RowRef[] open;
    final RunningNames.@Nullable Name[] names;
    final double predictedSeconds;
    final boolean iterating;
    int unfinished;
    long sinceNanos;

    Given(Batch batch, double predictedSeconds, boolean iterating, long nowNanos) {
      this.batch = batch;
      this.iterating = iterating;
      this.open = batch.rows().toArray(new RowRef[0]);
      this.names = new RunningNames.Name[open.length];
      this.predictedSeconds = predictedSeconds;
      this.unfinished = open.length;
      this.sinceNanos = nowNanos;
    }
  }

  /** Whether a batch of this model is there. */
  boolean runs(String model) {
    return given.values().stream().anyMatch(g -> g.batch.model().equals(model));
  }

  /** What of a model is on the device. */
  record Load(int rows, long tokens) {}

  /** Told of a row on the device. */
  interface RowAction {
    void accept(long batch, int index, RowRef row);
  }

  /**
   * Adds a batch; its number.
   *
   * @param iterating whether its model works by iterations
   */
  long add(Batch batch, double predictedSeconds, boolean iterating, long nowNanos) {
    given.put(next, new Given(batch, predictedSeconds, iterating, nowNanos));
    if (!iterating) {
      batches++;
    }
    return next++;
  }

  /** For whose sake a row of a batch runs, as the crash ledger names it. */
  void named(long batch, int row, String request) {
    Given g = given.get(batch);
    if (g != null) {
      g.names[row] = names.join(request);
    }
  }

  /** Those that were {@linkplain #named named}, until their rows are finished. */
  RunningNames names() {
    return names;
  }

  private void leave(Given g, int row) {
    RunningNames.Name name = g.names[row];
    if (name != null) {
      g.names[row] = null;
      names.leave(name);
    }
  }

  /** Batches of models that do not work by iterations. */
  int batches() {
    return batches;
  }

  /** What of a model that works by iterations is on the device. */
  Load load(String model) {
    int rows = 0;
    long tokens = 0;
    for (Given g : given.values()) {
      if (g.iterating && g.batch.model().equals(model)) {
        for (RowRef row : g.open) {
          if (row != null) {
            rows++;
            tokens += row.length();
          }
        }
      }
    }
    return new Load(rows, tokens);
  }

  boolean isEmpty() {
    return given.isEmpty();
  }

  /** Whether a batch that must be alone is there. */
  boolean alone() {
    return given.values().stream().anyMatch(g -> g.batch.alone());
  }

  /**
   * Predicted seconds until all batches are done that {@link #batches} counts; one that is late
   * counts as done.
   */
  double secondsAhead(long nowNanos) {
    double seconds = 0;
    double elapsed = 0;
    boolean first = true;
    for (Given g : given.values()) {
      if (g.iterating) {
        continue;
      }
      seconds += g.predictedSeconds;
      if (first) {
        elapsed = Math.min(g.predictedSeconds, (nowNanos - g.sinceNanos) / 1e9);
        first = false;
      }
    }
    return seconds - elapsed;
  }

  /**
   * How long the device may be in one call by what was predicted: ten times the longest batch
   * (chosen; the margin of a curve that was measured is far below). A text is predicted as a whole,
   * and no step of it takes so long.
   */
  double patienceSeconds() {
    double longest = 0;
    for (Given g : given.values()) {
      longest = Math.max(longest, g.iterating ? g.predictedSeconds : 10 * g.predictedSeconds);
    }
    return longest;
  }

  /** Looks at the rows that are not finished. */
  void forEachOpen(RowAction action) {
    given.forEach(
        (number, g) -> {
          for (int i = 0; i < g.open.length; i++) {
            RowRef row = g.open[i];
            if (row != null) {
              action.accept(number, i, row);
            }
          }
        });
  }

  /** A row that is not finished, or null. */
  @Nullable RowRef open(long batch, int row) {
    Given g = given.get(batch);
    return g == null ? null : g.open[row];
  }

  /** Notes that a row is finished; the row, or null when it was before or its batch is gone. */
  @Nullable RowRef finished(long batch, int row, long nowNanos) {
    Given g = given.get(batch);
    if (g == null || g.open[row] == null) {
      return null;
    }
    RowRef ref = g.open[row];
    g.open[row] = null;
    leave(g, row);
    g.unfinished--;
    if (g.unfinished == 0) {
      over(batch, nowNanos);
    }
    return ref;
  }

  /** Takes a batch out; what of it was not finished, or null when it is gone. */
  @Nullable Batch failed(long batch, long nowNanos) {
    Given g = given.get(batch);
    if (g == null) {
      return null;
    }
    over(batch, nowNanos);
    List<RowRef> open = new ArrayList<>();
    for (int i = 0; i < g.open.length; i++) {
      RowRef row = g.open[i];
      if (row != null) {
        open.add(row);
        leave(g, i);
      }
    }
    return new Batch(g.batch.model(), open, g.batch.alone());
  }

  /** The next one begins when one is over. */
  private void over(long batch, long nowNanos) {
    Given gone = given.remove(batch);
    if (gone == null || gone.iterating) {
      return;
    }
    batches--;
    given.values().stream()
        .filter(g -> !g.iterating)
        .findFirst()
        .ifPresent(g -> g.sinceNanos = nowNanos);
  }
}
