package dev.headrace.cli;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/** A device that takes half a millisecond for a word, and that a test can hold. */
final class HeldDevice implements BatchRunner {
  /** A text with this word does not fit into the memory of a small device. */
  static final String HUGE = "huge";

  private static final long NANOS_PER_WORD = 500_000;

  private final List<ServedModel> models;
  private final boolean small;
  private final List<String> ran = new CopyOnWriteArrayList<>();
  private volatile boolean held;
  private volatile int running;

  /** A device for these models. */
  HeldDevice(boolean small, NumericPrecision precision, String... names) {
    this.small = small;
    this.models =
        List.of(names).stream().<ServedModel>map(n -> new WordModel(n, precision)).toList();
  }

  /** A text with its words counted. */
  private record Words(String text, int length) implements Row {}

  /** A model whose tokens are words, with a vector of one component, their number. */
  private record WordModel(String name, NumericPrecision weights) implements ServedModel {
    @Override
    public String revision() {
      return "r1";
    }

    @Override
    public Set<Task> tasks() {
      return Set.of(Task.EMBEDDINGS);
    }

    @Override
    public Optional<NumericPrecision> precision() {
      return Optional.of(weights);
    }

    @Override
    public int dimension() {
      return 1;
    }

    @Override
    public List<Row> rows(List<String> texts) {
      return texts.stream().<Row>map(t -> new Words(t, t.strip().split("\\s+").length)).toList();
    }
  }

  /** The batch that runs, or comes next, does not end before {@link #release}. */
  void hold() {
    held = true;
  }

  void release() {
    held = false;
  }

  /** Rows that are on it now. */
  int running() {
    return running;
  }

  /** How often a text that begins like this was run. */
  long ran(String start) {
    return ran.stream().filter(text -> text.startsWith(start)).count();
  }

  @Override
  public List<ServedModel> models() {
    return models;
  }

  @Override
  public List<RowOutput> run(ServedModel model, List<Row> rows) {
    running = rows.size();
    long words = 0;
    for (Row row : rows) {
      String text = ((Words) row).text();
      if (small && text.contains(HUGE)) {
        running = 0;
        throw new FailureException(ErrorCode.OUT_OF_MEMORY, "a huge text");
      }
      ran.add(text);
      words += row.length();
    }
    LockSupport.parkNanos(words * NANOS_PER_WORD);
    while (held && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(1_000_000);
    }
    running = 0;
    return rows.stream()
        .<RowOutput>map(r -> new RowOutput.Vector(new float[] {r.length()}))
        .toList();
  }

  @Override
  public long memoryFreeBytes() {
    return 0;
  }

  @Override
  public void close() {}
}
