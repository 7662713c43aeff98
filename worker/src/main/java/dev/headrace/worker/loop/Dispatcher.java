package dev.headrace.worker.loop;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.batch.Batch;
import dev.headrace.worker.batch.Batcher;
import dev.headrace.worker.batch.Moment;
import dev.headrace.worker.batch.RowRef;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.failure.Action;
import dev.headrace.worker.heartbeat.ModelMeters;
import dev.headrace.worker.mailbox.Mailbox;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between the batcher and the device's thread: hands over batches while there is room, joins the
 * rows that come back, splits what failed. Rows are its unit, not batches, so that it does not
 * matter whether the device finishes a batch at once or row by row.
 */
final class Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

  /** Batches before the device at most; more than two only if they are short. */
  static final int CAPACITY = 8;

  private final Batcher batcher;
  private final ModelMeters meters;
  private final Mailbox<DeviceBatch> device;
  private final CrashWatch crashes;
  private final WorkerMetrics metrics;
  private final Map<Long, RowSet> sets = new HashMap<>();
  private final Map<Long, Sent> sent = new LinkedHashMap<>();
  private final ArrayDeque<Batch> halves = new ArrayDeque<>();
  private long nextBatch;

  /** A batch before the device. Its rows are replaced by null as they finish. */
  private static final class Sent {
    final Batch batch;
    final @Nullable RowRef[] open;
    final double predictedSeconds;
    long sentNanos;

    Sent(Batch batch, double predictedSeconds, long sentNanos) {
      this.batch = batch;
      this.open = batch.rows().toArray(new RowRef[0]);
      this.predictedSeconds = predictedSeconds;
      this.sentNanos = sentNanos;
    }

    boolean finished() {
      for (RowRef row : open) {
        if (row != null) {
          return false;
        }
      }
      return true;
    }
  }

  Dispatcher(
      Batcher batcher,
      ModelMeters meters,
      Mailbox<DeviceBatch> device,
      CrashWatch crashes,
      WorkerMetrics metrics) {
    this.batcher = batcher;
    this.meters = meters;
    this.device = device;
    this.crashes = crashes;
    this.metrics = metrics;
  }

  /** Takes rows to run. */
  void submit(RowSet rows) {
    sets.put(rows.waiting().owner(), rows);
    batcher.add(rows.waiting());
  }

  /** Gives up rows; those on the device run on, for nothing. */
  void withdraw(long owner) {
    if (sets.remove(owner) != null) {
      batcher.remove(owner);
    }
  }

  /** Owners of rows whose deadline is over before all of them were begun; they are withdrawn. */
  List<Long> expire(long nowNanos) {
    List<Long> expired = batcher.expire(nowNanos);
    expired.forEach(sets::remove);
    return expired;
  }

  /** Nothing waits and nothing is on the device. */
  boolean idle() {
    return sent.isEmpty() && halves.isEmpty() && batcher.requests() == 0;
  }

  /** Whether anything is on the device. */
  boolean busy() {
    return !sent.isEmpty();
  }

  /** Seconds of service that wait. */
  double queuedSeconds() {
    return batcher.queuedSeconds();
  }

  /** Predicted seconds until all is done that the device was given. */
  double secondsAhead(long nowNanos) {
    double seconds = 0;
    double elapsed = 0;
    boolean first = true;
    for (Sent s : sent.values()) {
      seconds += s.predictedSeconds;
      if (first) {
        elapsed = Math.min(s.predictedSeconds, (nowNanos - s.sentNanos) / 1e9);
        first = false;
      }
    }
    return seconds - elapsed;
  }

  /**
   * Gives the device what it has room for.
   *
   * @return batches
   */
  int dispatch(long nowNanos) {
    List<DeviceBatch> ready = new ArrayList<>();
    while (sent.size() < CAPACITY && !aloneOnDevice()) {
      Batch batch = next(nowNanos);
      if (batch == null) {
        break;
      }
      ready.add(send(batch, nowNanos));
    }
    if (!ready.isEmpty()) {
      Set<String> names = names();
      crashes.running(names, aloneOnDevice() || names.size() == 1);
      ready.forEach(this::handOver);
    } else if (sent.isEmpty()) {
      crashes.idle(nowNanos);
    }
    return ready.size();
  }

  private boolean aloneOnDevice() {
    return sent.values().stream().anyMatch(s -> s.batch.alone());
  }

  private @Nullable Batch next(long nowNanos) {
    while (!halves.isEmpty()) {
      Batch half = live(halves.removeFirst());
      if (half != null) {
        return half;
      }
    }
    return batcher.next(new Moment(nowNanos, sent.size(), secondsAhead(nowNanos)));
  }

  /** The rows of a batch that somebody still waits for. */
  private @Nullable Batch live(Batch batch) {
    List<RowRef> rows = batch.rows().stream().filter(r -> sets.containsKey(r.owner())).toList();
    return rows.isEmpty() ? null : new Batch(batch.model(), rows, batch.alone());
  }

  private DeviceBatch send(Batch batch, long nowNanos) {
    long id = nextBatch++;
    int rows = batch.rows().size();
    sent.put(
        id,
        new Sent(
            batch, meters.curve(batch.model()).batchSeconds(rows, batch.paddedLength()), nowNanos));
    List<Row> inputs = new ArrayList<>(rows);
    for (RowRef row : batch.rows()) {
      inputs.add(owner(row).row(row.row()));
    }
    return new DeviceBatch(id, owner(batch.rows().get(0)).model(), inputs);
  }

  private RowSet owner(RowRef row) {
    RowSet owner = sets.get(row.owner());
    if (owner == null) {
      throw new IllegalStateException("no rows of " + row);
    }
    return owner;
  }

  private Set<String> names() {
    Set<String> names = new HashSet<>();
    for (Sent s : sent.values()) {
      for (RowRef row : s.open) {
        RowSet owner = row == null ? null : sets.get(row.owner());
        if (owner != null && !owner.name().isEmpty()) {
          names.add(owner.name());
        }
      }
    }
    return names;
  }

  private void handOver(DeviceBatch batch) {
    if (!device.offer(batch)) {
      throw new IllegalStateException(
          "the device's mailbox is full batches=" + sent.size() + " (expected: room for all)");
    }
  }

  /** Rows came back. */
  void finished(long batchId, List<FinishedRow> rows, long nowNanos) {
    Sent batch = sent.get(batchId);
    if (batch == null) {
      return;
    }
    for (FinishedRow row : rows) {
      RowRef ref = batch.open[row.row()];
      batch.open[row.row()] = null;
      if (ref != null) {
        finished(ref, row);
      }
    }
    if (batch.finished()) {
      over(batchId, nowNanos);
    }
  }

  private void finished(RowRef ref, FinishedRow row) {
    RowSet owner = sets.get(ref.owner());
    if (owner == null) {
      return;
    }
    owner.finished(ref.row(), row);
    if (owner.complete()) {
      sets.remove(ref.owner());
      owner.ending().finished(owner);
    }
  }

  /** The next one begins when one is over. */
  private void over(long batchId, long nowNanos) {
    sent.remove(batchId);
    sent.values().stream().findFirst().ifPresent(s -> s.sentNanos = nowNanos);
  }

  /**
   * A batch failed.
   *
   * @throws FailureException when the device is lost
   */
  void failed(long batchId, Failure failure, long nowNanos) {
    Sent batch = sent.get(batchId);
    if (batch == null) {
      return;
    }
    over(batchId, nowNanos);
    List<RowRef> open = new ArrayList<>();
    Set<Long> owners = new HashSet<>();
    for (RowRef row : batch.open) {
      if (row != null && sets.containsKey(row.owner())) {
        open.add(row);
        owners.add(row.owner());
      }
    }
    if (open.isEmpty()) {
      return;
    }
    Action action = Action.on(failure.code().kind(), open.size(), owners.size());
    metrics.batchFailed(failure.code(), action);
    LOG.warn(
        "batch failed model={} rows={} requests={} action={} cause={}",
        batch.batch.model(),
        open.size(),
        owners.size(),
        action,
        failure);
    Batch rest = new Batch(batch.batch.model(), open, batch.batch.alone());
    switch (action) {
      case SPLIT -> split(rest);
      case SHRINK -> shrink(rest, batch.batch.paddedTokens());
      case RETRY, ELSEWHERE, DEAD_LETTER -> owners.forEach(o -> end(o, failure, action));
      case STOP -> throw new FailureException(failure);
    }
  }

  private void split(Batch batch) {
    List<RowRef> rows = batch.rows();
    int middle = rows.size() / 2;
    halves.add(new Batch(batch.model(), rows.subList(0, middle), batch.alone()));
    halves.add(new Batch(batch.model(), rows.subList(middle, rows.size()), batch.alone()));
  }

  private void shrink(Batch batch, long tokens) {
    meters.tooLarge(batch.model(), tokens);
    Map<Long, List<RowRef>> byOwner = new HashMap<>();
    batch.rows().forEach(r -> byOwner.computeIfAbsent(r.owner(), o -> new ArrayList<>()).add(r));
    byOwner.forEach((owner, rows) -> batcher.again(owner(rows.get(0)).waiting(), rows));
  }

  private void end(long owner, Failure failure, Action action) {
    RowSet rows = sets.get(owner);
    if (rows != null) {
      withdraw(owner);
      rows.ending().failed(failure, action);
    }
  }
}
