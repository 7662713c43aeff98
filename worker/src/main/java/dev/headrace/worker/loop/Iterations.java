package dev.headrace.worker.loop;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.worker.batch.Batch;
import dev.headrace.worker.batch.Batcher;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.mailbox.Mailbox;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests to models that work by iterations, while any of their rows are on the device: rows join
 * while others run, and can be ended before their time.
 */
final class Iterations {
  /** Batches in the device's mailbox above which no more rows join (chosen: below its size). */
  private static final int MAX_WAITING = 32;

  private final Batcher batcher;
  private final OnDevice onDevice;
  private final Mailbox<RowDrop> dropBox;
  private final Mailbox<DeviceBatch> device;
  private final Consumer<RowSet> cutShort;
  private final Map<Long, RowSet> generating = new LinkedHashMap<>();
  private final ArrayDeque<RowDrop> drops = new ArrayDeque<>();
  private Map<String, Concurrency> concurrency = Map.of();

  /**
   * Of this dispatcher.
   *
   * @param cutShort takes requests whose rows were ended, some of them perhaps not begun
   */
  Iterations(
      Batcher batcher,
      OnDevice onDevice,
      Mailbox<RowDrop> dropBox,
      Mailbox<DeviceBatch> device,
      Consumer<RowSet> cutShort) {
    this.batcher = batcher;
    this.onDevice = onDevice;
    this.dropBox = dropBox;
    this.device = device;
    this.cutShort = cutShort;
  }

  /** Learns which models work so, and how much of each fits. */
  void serve(Collection<ServedModel> models) {
    Map<String, Concurrency> served = new LinkedHashMap<>();
    models.forEach(m -> m.concurrency().ifPresent(c -> served.put(m.name(), c)));
    concurrency = served;
    batcher.byIterations(served.keySet());
  }

  /** Whether this model works so. */
  boolean of(String model) {
    return concurrency.containsKey(model);
  }

  /** Requests with rows on the device, as their owners' numbers. */
  Set<Long> owners() {
    return generating.keySet();
  }

  /**
   * Lets rows join, at most one batch of each model.
   *
   * @param give takes each; it is on the device when this returns
   */
  void join(Consumer<Batch> give) {
    int given = 0;
    for (Map.Entry<String, Concurrency> model : concurrency.entrySet()) {
      Batch batch =
          onDevice.alone() || device.size() + given >= MAX_WAITING
              ? null
              : next(model.getKey(), model.getValue());
      if (batch != null) {
        give.accept(batch);
        given++;
      }
    }
  }

  private @Nullable Batch next(String model, Concurrency most) {
    OnDevice.Load load = onDevice.load(model);
    return batcher.join(
        model, most.rows() - load.rows(), most.tokens() - load.tokens(), load.rows() == 0);
  }

  /** Rows of this request go to the device. */
  void joined(RowSet rows) {
    generating.put(rows.waiting().owner(), rows);
  }

  /** All rows of this request came back. */
  void ended(long owner) {
    generating.remove(owner);
  }

  /** Nobody wants this request any more: the device stops with its rows. */
  void withdraw(long owner) {
    if (generating.remove(owner) != null) {
      drop(owner, FinishReason.CANCELLED);
    }
  }

  /** Ends a request's rows before their time: they come back as they are. */
  void cut(long owner, FinishReason reason, long nowNanos) {
    RowSet rows = generating.get(owner);
    if (rows != null && rows.cut() == null) {
      cut(rows, reason, nowNanos);
    }
  }

  /** Ends those whose deadline is over. */
  void expire(long nowNanos) {
    for (RowSet rows : List.copyOf(generating.values())) {
      if (rows.cut() == null && rows.waiting().deadlineNanos() <= nowNanos) {
        cut(rows, FinishReason.DEADLINE, nowNanos);
      }
    }
  }

  /** Those that were not begun come back as well, with nothing. */
  private void cut(RowSet rows, FinishReason reason, long nowNanos) {
    long owner = rows.waiting().owner();
    rows.cut(reason);
    batcher.remove(owner);
    Set<Integer> begun = new HashSet<>();
    onDevice.forEachOpen(
        (batch, index, row) -> {
          if (row.owner() == owner) {
            begun.add(row.row());
          }
        });
    drop(owner, reason);
    for (int i = 0; i < rows.size(); i++) {
      if (!rows.finished(i) && !begun.contains(i)) {
        RowOutput nothing = new RowOutput.Generated("", reason, rows.row(i).length(), 0, 0, null);
        rows.finished(i, new FinishedRow(i, nothing, nowNanos, 0));
      }
    }
    cutShort.accept(rows);
  }

  private void drop(long owner, FinishReason reason) {
    onDevice.forEachOpen(
        (batch, index, row) -> {
          if (row.owner() == owner) {
            drops.add(new RowDrop(batch, index, reason));
          }
        });
  }

  /** Tells the device, as far as its mailbox has room. */
  void flushDrops() {
    while (!drops.isEmpty() && dropBox.offer(drops.peekFirst())) {
      drops.removeFirst();
    }
  }
}
