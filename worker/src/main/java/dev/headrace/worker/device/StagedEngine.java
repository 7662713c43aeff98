package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * An engine that keeps its device busy: a batch is started as soon as it is admitted, and a step
 * ends the one that was started first. With a depth of 2 the device finds the next batch when it is
 * done with one, and what the host does for a batch costs no time of the device.
 */
public final class StagedEngine extends RunnerEngine {
  private final StagedRunner runner;
  private final LongSupplier nanos;
  private final Deque<Batch> batches = new ArrayDeque<>();
  private long idleSince = Long.MIN_VALUE;

  /** A batch that was started, or what throws why it could not be. */
  private record Batch(DeviceBatch batch, StagedRunner.Running running, long startedNanos) {}

  public StagedEngine(StagedRunner runner, LongSupplier nanos) {
    super(runner);
    this.runner = runner;
    this.nanos = nanos;
  }

  @Override
  public boolean admits() {
    return batches.size() < runner.depth();
  }

  @Override
  public void admit(DeviceBatch batch) {
    if (!admits()) {
      throw new IllegalStateException(
          "batch " + batch.id() + " while " + batches.size() + " run (expected: fewer)");
    }
    long now = nanos.getAsLong();
    batches.add(new Batch(batch, start(batch), now));
  }

  private StagedRunner.Running start(DeviceBatch batch) {
    try {
      return runner.start(batch.model(), batch.rows());
    } catch (RuntimeException e) {
      return () -> {
        throw e;
      };
    }
  }

  @Override
  public boolean due() {
    Batch first = batches.peek();
    return first == null || first.running().done();
  }

  @Override
  public boolean busy() {
    return !batches.isEmpty();
  }

  @Override
  public void step(Listener listener) {
    Batch first = batches.poll();
    if (first == null) {
      return;
    }
    // A batch has the device from its start, or from the end of the one before.
    long since = Math.max(first.startedNanos(), idleSince);
    List<RowOutput> outputs;
    try {
      outputs = first.running().await();
    } catch (FailureException e) {
      failed(first, e.failure(), listener);
      return;
    } catch (RuntimeException e) {
      failed(first, BatchReports.defect(first.batch(), e), listener);
      return;
    }
    idleSince = nanos.getAsLong();
    BatchReports.report(first.batch(), outputs, since, (idleSince - since) / 1e9, listener);
  }

  private void failed(Batch batch, Failure failure, Listener listener) {
    idleSince = nanos.getAsLong();
    listener.failed(batch.batch().id(), failure);
  }

  @Override
  public void close() {
    batches.clear();
    super.close();
  }
}
