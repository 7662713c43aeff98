package dev.headrace.worker.device;

import dev.headrace.protocol.FailureException;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** An engine whose step runs one batch to its end. */
public final class OneShotEngine extends RunnerEngine {
  private final BatchRunner runner;
  private final LongSupplier nanos;
  private @Nullable DeviceBatch admitted;

  public OneShotEngine(BatchRunner runner, LongSupplier nanos) {
    super(runner);
    this.runner = runner;
    this.nanos = nanos;
  }

  @Override
  public boolean admits() {
    return admitted == null;
  }

  @Override
  public void admit(DeviceBatch batch) {
    if (admitted != null) {
      throw new IllegalStateException("batch " + batch.id() + " while " + admitted.id() + " runs");
    }
    admitted = batch;
  }

  @Override
  public boolean busy() {
    return admitted != null;
  }

  @Override
  public void step(Listener listener) {
    DeviceBatch batch = admitted;
    if (batch == null) {
      return;
    }
    admitted = null;
    long started = nanos.getAsLong();
    List<RowOutput> outputs;
    try {
      outputs = runner.run(batch.model(), batch.rows());
    } catch (FailureException e) {
      listener.failed(batch.id(), e.failure());
      return;
    } catch (RuntimeException e) {
      listener.failed(batch.id(), BatchReports.defect(batch, e));
      return;
    }
    double seconds = (nanos.getAsLong() - started) / 1e9;
    BatchReports.report(batch, outputs, started, seconds, listener);
  }
}
