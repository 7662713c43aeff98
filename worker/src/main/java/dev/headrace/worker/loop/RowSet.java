package dev.headrace.worker.loop;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.worker.batch.Waiting;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.failure.Action;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Rows on their way over the device, and what has come of them: of a request, of shared texts, of
 * the warm-up. They may be spread over several batches; here they are joined again.
 */
final class RowSet {

  /** What follows. Exactly one of these is called, once, unless the rows are withdrawn. */
  interface Ending {
    /** All rows are finished. */
    void finished(RowSet rows);

    /** A row is further. */
    default void progressed(RowSet rows, int index, RowProgress progress) {}

    /** A row failed, and the others are of no use without it. */
    void failed(Failure failure, Action action);
  }

  private final Waiting waiting;
  private final ServedModel model;
  private final List<Row> rows;
  private final String name;
  private final Ending ending;
  private final @Nullable RowOutput[] outputs;
  private int missing;
  private @Nullable FinishReason cut;
  private double deviceSeconds;
  private long startedNanos = Long.MAX_VALUE;

  /**
   * Rows to run.
   *
   * @param waiting how the batcher sees them
   * @param name the request for whose sake they run, as the crash ledger names it; may be empty
   */
  RowSet(Waiting waiting, ServedModel model, List<Row> rows, String name, Ending ending) {
    this.waiting = waiting;
    this.model = model;
    this.rows = rows;
    this.name = name;
    this.ending = ending;
    this.outputs = new RowOutput[rows.size()];
    this.missing = rows.size();
  }

  Waiting waiting() {
    return waiting;
  }

  ServedModel model() {
    return model;
  }

  Row row(int index) {
    return rows.get(index);
  }

  String name() {
    return name;
  }

  Ending ending() {
    return ending;
  }

  /** Takes a finished row; one that came before stays. */
  void finished(int index, FinishedRow row) {
    if (outputs[index] == null) {
      outputs[index] = row.output();
      missing--;
      deviceSeconds += row.deviceSeconds();
      startedNanos = Math.min(startedNanos, row.startedNanos());
    }
  }

  /** The rows are ended before their time. */
  void cut(FinishReason reason) {
    cut = reason;
  }

  /** Why the rows were ended before their time, null when they were not. */
  @Nullable FinishReason cut() {
    return cut;
  }

  /** Whether this row is finished. */
  boolean finished(int index) {
    return outputs[index] != null;
  }

  int size() {
    return rows.size();
  }

  /** Whether the model works by iterations. */
  boolean iterating() {
    return model.concurrency().isPresent();
  }

  boolean complete() {
    return missing == 0;
  }

  /** One per row; complete. */
  List<RowOutput> outputs() {
    if (!complete()) {
      throw new IllegalStateException(missing + " rows missing of " + name);
    }
    return Arrays.asList(outputs);
  }

  /** Tokens of the prompts of generated texts, each row's counted. */
  long promptTokens() {
    return generated(RowOutput.Generated::promptTokens);
  }

  /** Tokens that were generated. */
  long newTokens() {
    return generated(RowOutput.Generated::tokens);
  }

  private long generated(ToIntFunction<RowOutput.Generated> count) {
    long sum = 0;
    for (RowOutput output : outputs) {
      sum += output instanceof RowOutput.Generated text ? count.applyAsInt(text) : 0;
    }
    return sum;
  }

  /** The device's time for all rows. */
  double deviceSeconds() {
    return deviceSeconds;
  }

  /** When the first row began. */
  long startedNanos() {
    return startedNanos;
  }
}
