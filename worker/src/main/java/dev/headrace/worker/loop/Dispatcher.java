package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.worker.batch.Batch;
import dev.headrace.worker.batch.Batcher;
import dev.headrace.worker.batch.Moment;
import dev.headrace.worker.batch.RowRef;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.failure.Action;
import dev.headrace.worker.heartbeat.ModelMeters;
import dev.headrace.worker.mailbox.Mailbox;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
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
  private final OnDevice onDevice = new OnDevice();
  private final ArrayDeque<Batch> halves = new ArrayDeque<>();

  /** Did not fit, and wait until a model is gone that nobody needs now. */
  private final List<Batch> waitForMemory = new ArrayList<>();

  private BooleanSupplier relief = () -> false;
  private final Iterations iterations;

  Dispatcher(
      Batcher batcher,
      ModelMeters meters,
      Mailbox<DeviceBatch> device,
      Mailbox<RowDrop> dropBox,
      CrashWatch crashes,
      WorkerMetrics metrics) {
    this.batcher = batcher;
    this.meters = meters;
    this.device = device;
    this.iterations = new Iterations(batcher, onDevice, dropBox, device, this::endIfComplete);
    this.crashes = crashes;
    this.metrics = metrics;
  }

  /**
   * Who makes room when a batch does not fit: says whether it does, and calls {@link #memoryFreed}
   * when it is done.
   */
  void whenOutOfMemory(BooleanSupplier asked) {
    relief = asked;
  }

  /** What did not fit is run again as it was. */
  void memoryFreed() {
    halves.addAll(waitForMemory);
    waitForMemory.clear();
  }

  /**
   * Takes note that a request came.
   *
   * @param budgetNanos from its submission to its deadline
   */
  void saw(long budgetNanos, long nowNanos) {
    batcher.saw(budgetNanos, nowNanos);
  }

  /** Takes rows to run. */
  void submit(RowSet rows) {
    sets.put(rows.waiting().owner(), rows);
    batcher.add(rows.waiting());
  }

  /** Learns which models work by iterations, and how much of each fits. */
  void serve(Collection<ServedModel> models) {
    iterations.serve(models);
    batcher.unpadded(
        models.stream().filter(m -> !m.pads()).map(ServedModel::name).collect(Collectors.toSet()));
  }

  /**
   * Gives up rows. An engine by iterations stops with them; a batch on the device runs on, for
   * nothing.
   */
  void withdraw(long owner) {
    if (sets.remove(owner) != null) {
      batcher.remove(owner);
      iterations.withdraw(owner);
    }
  }

  /** Ends a request's rows before their time, if it generates: they come back as they are. */
  void cut(long owner, FinishReason reason, long nowNanos) {
    iterations.cut(owner, reason, nowNanos);
  }

  /** Requests with rows in progress, as their owners' numbers. */
  Set<Long> generating() {
    return iterations.owners();
  }

  /** Stops all that works by iterations: nobody will hear of it. */
  void stop() {
    List.copyOf(iterations.owners()).forEach(this::withdraw);
    iterations.flushDrops();
  }

  /**
   * Owners of rows whose deadline is over before all of them were begun; they are withdrawn. What
   * is in progress by iterations is cut.
   */
  List<Long> expire(long nowNanos) {
    List<Long> expired = new ArrayList<>();
    for (long owner : batcher.expire(nowNanos)) {
      if (!iterations.owners().contains(owner)) {
        sets.remove(owner);
        expired.add(owner);
      }
    }
    iterations.expire(nowNanos);
    return expired;
  }

  /** Whether rows of this model wait, or are on the device, wanted or not. */
  boolean holds(String model) {
    return onDevice.runs(model)
        || sets.values().stream().anyMatch(s -> s.waiting().model().equals(model));
  }

  /** Seconds of service that wait. */
  double queuedSeconds() {
    return batcher.queuedSeconds();
  }

  /** Of one model. */
  double queuedSeconds(String model) {
    return batcher.queuedSeconds(model);
  }

  /** Predicted seconds until all is done that the device was given. */
  double secondsAhead(long nowNanos) {
    return onDevice.secondsAhead(nowNanos);
  }

  /** How long it may be in one call by what was predicted; see {@link OnDevice}. */
  double patienceSeconds() {
    return onDevice.patienceSeconds();
  }

  /**
   * Gives the device what it has room for.
   *
   * @return batches
   */
  int dispatch(long nowNanos) {
    iterations.flushDrops();
    List<DeviceBatch> ready = new ArrayList<>();
    iterations.join(b -> ready.add(given(b, nowNanos)));
    while (onDevice.batches() < CAPACITY && !onDevice.alone()) {
      Batch batch = next(nowNanos);
      if (batch == null) {
        break;
      }
      ready.add(given(batch, nowNanos));
    }
    if (!ready.isEmpty()) {
      RunningNames names = onDevice.names();
      crashes.running(names, onDevice.alone() || names.running() == 1);
      ready.forEach(this::handOver);
    } else if (onDevice.isEmpty()) {
      crashes.idle(nowNanos);
    }
    return ready.size();
  }

  private @Nullable Batch next(long nowNanos) {
    while (!halves.isEmpty()) {
      Batch half = live(halves.removeFirst());
      if (half != null) {
        return half;
      }
    }
    return batcher.next(
        new Moment(
            nowNanos, onDevice.batches(), onDevice.secondsAhead(nowNanos), onDevice.isEmpty()));
  }

  /** The rows of a batch that somebody still waits for. */
  private @Nullable Batch live(Batch batch) {
    List<RowRef> rows = batch.rows().stream().filter(this::wanted).toList();
    return rows.isEmpty() ? null : new Batch(batch.model(), rows, batch.alone());
  }

  private boolean wanted(RowRef row) {
    RowSet owner = sets.get(row.owner());
    return owner != null && !owner.finished(row.row());
  }

  private DeviceBatch given(Batch batch, long nowNanos) {
    double seconds =
        meters
            .curve(batch.model())
            .batchSeconds(
                batch.rows().size(),
                batch.lengthCharged(owner(batch.rows().get(0)).model().pads()));
    boolean iterating = iterations.of(batch.model());
    long id = onDevice.add(batch, seconds, iterating, nowNanos);
    List<Row> inputs = new ArrayList<>(batch.rows().size());
    List<Long> urgency = new ArrayList<>(batch.rows().size());
    for (RowRef row : batch.rows()) {
      urgency.add(row.urgency());
      RowSet owner = owner(row);
      if (!owner.name().isEmpty()) {
        onDevice.named(id, inputs.size(), owner.name());
      }
      inputs.add(owner.row(row.row()));
      if (iterating) {
        iterations.joined(owner);
        joined(batch.model(), owner, row.row());
      }
    }
    return new DeviceBatch(id, owner(batch.rows().get(0)).model(), inputs, urgency);
  }

  /** What warms up says nothing about what is asked. */
  private void joined(String model, RowSet owner, int row) {
    if (!owner.name().isEmpty()) {
      Row input = owner.row(row);
      meters.joined(model, input.length(), input.newTokens());
    }
  }

  private RowSet owner(RowRef row) {
    RowSet owner = sets.get(row.owner());
    if (owner == null) {
      throw new IllegalStateException("no rows of " + row);
    }
    return owner;
  }

  private void handOver(DeviceBatch batch) {
    if (!device.offer(batch)) {
      throw new IllegalStateException(
          "the device's mailbox is full batches="
              + onDevice.batches()
              + " (expected: room for all)");
    }
  }

  /** Rows came back. */
  void finished(long batch, List<FinishedRow> rows, long nowNanos) {
    for (FinishedRow row : rows) {
      RowRef ref = onDevice.finished(batch, row.row(), nowNanos);
      if (ref != null) {
        finished(ref, row);
      }
    }
  }

  private void finished(RowRef ref, FinishedRow row) {
    RowSet owner = sets.get(ref.owner());
    if (owner == null) {
      return;
    }
    if (owner.iterating() && row.output() instanceof RowOutput.Failed failed) {
      // The others may take minutes, and are of no use without it.
      Failure failure = failed.failure();
      end(ref.owner(), failure, Action.on(failure.code().kind(), 1, 1));
      return;
    }
    owner.finished(ref.row(), row);
    endIfComplete(owner);
  }

  private void endIfComplete(RowSet rows) {
    if (rows.complete()) {
      sets.remove(rows.waiting().owner());
      iterations.ended(rows.waiting().owner());
      rows.ending().finished(rows);
    }
  }

  /** Rows are further. */
  void progressed(long batch, List<RowProgress> rows) {
    for (RowProgress progress : rows) {
      RowRef ref = onDevice.open(batch, progress.row());
      RowSet owner = ref == null ? null : sets.get(ref.owner());
      if (ref != null && owner != null && owner.cut() == null) {
        owner.ending().progressed(owner, ref.row(), progress);
      }
    }
  }

  /**
   * A batch failed.
   *
   * @throws FailureException when the device is lost
   */
  void failed(long batchId, Failure failure, long nowNanos) {
    Batch open = onDevice.failed(batchId, nowNanos);
    if (open == null) {
      return;
    }
    Batch rest = live(open);
    List<RowRef> rows = rest == null ? List.of() : rest.rows();
    Set<Long> owners = new HashSet<>();
    rows.forEach(r -> owners.add(r.owner()));
    Action action = Action.on(failure.code().kind(), rows.size(), owners.size());
    metrics.batchFailed(failure.code(), action);
    LOG.warn(
        "batch failed model={} rows={} requests={} action={} cause={}",
        open.model(),
        rows.size(),
        owners.size(),
        action,
        failure);
    if (action == Action.STOP) {
      throw new FailureException(failure);
    }
    if (rest != null && failure.code() == ErrorCode.OUT_OF_MEMORY && relief.getAsBoolean()) {
      waitForMemory.add(rest);
    } else if (rest != null) {
      act(action, rest, failure, open.paddedTokens(), owners);
    }
  }

  private void act(Action action, Batch rest, Failure failure, long tokens, Set<Long> owners) {
    switch (action) {
      case SPLIT -> split(rest);
      case SHRINK -> shrink(rest, tokens);
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
