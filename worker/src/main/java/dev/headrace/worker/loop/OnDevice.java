package dev.headrace.worker.loop;

import dev.headrace.worker.batch.Batch;
import dev.headrace.worker.batch.RowRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The batches that the device was given, and which of their rows are not finished. */
final class OnDevice {
  private final Map<Long, Given> given = new LinkedHashMap<>();
  private long next;

  /** A batch before the device; a row is replaced by null when it is finished. */
  private static final class Given {
    final Batch batch;
    final @Nullable RowRef[] open;
    final double predictedSeconds;
    int unfinished;
    long sinceNanos;

    Given(Batch batch, double predictedSeconds, long nowNanos) {
      this.batch = batch;
      this.open = batch.rows().toArray(new RowRef[0]);
      this.predictedSeconds = predictedSeconds;
      this.unfinished = open.length;
      this.sinceNanos = nowNanos;
    }
  }

  /** Whether a batch of this model is there. */
  boolean runs(String model) {
    return given.values().stream().anyMatch(g -> g.batch.model().equals(model));
  }

  /** Adds a batch; its number. */
  long add(Batch batch, double predictedSeconds, long nowNanos) {
    given.put(next, new Given(batch, predictedSeconds, nowNanos));
    return next++;
  }

  int batches() {
    return given.size();
  }

  boolean isEmpty() {
    return given.isEmpty();
  }

  /** Whether a batch that must be alone is there. */
  boolean alone() {
    return given.values().stream().anyMatch(g -> g.batch.alone());
  }

  /** Predicted seconds until all is done; a batch that is late counts as done. */
  double secondsAhead(long nowNanos) {
    double seconds = 0;
    double elapsed = 0;
    boolean first = true;
    for (Given g : given.values()) {
      seconds += g.predictedSeconds;
      if (first) {
        elapsed = Math.min(g.predictedSeconds, (nowNanos - g.sinceNanos) / 1e9);
        first = false;
      }
    }
    return seconds - elapsed;
  }

  /** Looks at the rows that are not finished. */
  void forEachOpen(Consumer<RowRef> action) {
    for (Given g : given.values()) {
      for (RowRef row : g.open) {
        if (row != null) {
          action.accept(row);
        }
      }
    }
  }

  /** Notes that a row is finished; the row, or null when it was before or its batch is gone. */
  @Nullable RowRef finished(long batch, int row, long nowNanos) {
    Given g = given.get(batch);
    if (g == null || g.open[row] == null) {
      return null;
    }
    RowRef ref = g.open[row];
    g.open[row] = null;
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
    for (RowRef row : g.open) {
      if (row != null) {
        open.add(row);
      }
    }
    return new Batch(g.batch.model(), open, g.batch.alone());
  }

  /** The next one begins when one is over. */
  private void over(long batch, long nowNanos) {
    given.remove(batch);
    given.values().stream().findFirst().ifPresent(g -> g.sinceNanos = nowNanos);
  }
}
