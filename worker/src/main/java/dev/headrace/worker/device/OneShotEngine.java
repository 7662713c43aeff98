package dev.headrace.worker.device;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An engine whose step runs one batch to its end. */
public final class OneShotEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(OneShotEngine.class);

  private final BatchRunner runner;
  private final LongSupplier nanos;
  private @Nullable DeviceBatch admitted;

  public OneShotEngine(BatchRunner runner, LongSupplier nanos) {
    this.runner = runner;
    this.nanos = nanos;
  }

  @Override
  public List<ServedModel> models() {
    return runner.models();
  }

  @Override
  public Optional<ModelLoader> loader() {
    return runner.loader();
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
      LOG.warn("batch failed model={} rows={}", batch.model().name(), batch.rows().size(), e);
      listener.failed(batch.id(), defect(batch, e));
      return;
    }
    report(batch, outputs, started, listener);
  }

  private static Failure defect(DeviceBatch batch, RuntimeException e) {
    return new Failure(
        ErrorCode.INTERNAL_ERROR,
        "engine: "
            + e
            + " (expected: "
            + batch.rows().size()
            + " outputs of "
            + batch.model().name()
            + ")");
  }

  private void report(DeviceBatch batch, List<RowOutput> outputs, long started, Listener listener) {
    int rows = batch.rows().size();
    if (outputs.size() != rows) {
      String message = "engine: " + outputs.size() + " outputs (expected: " + rows + ")";
      listener.failed(batch.id(), new Failure(ErrorCode.INTERNAL_ERROR, message));
      return;
    }
    double seconds = (nanos.getAsLong() - started) / 1e9;
    List<FinishedRow> finished = new ArrayList<>(rows);
    long tokens = 0;
    for (int i = 0; i < rows; i++) {
      // All rows are padded to one length, so they cost the same.
      finished.add(new FinishedRow(i, outputs.get(i), started, seconds / rows));
      tokens += batch.rows().get(i).length();
    }
    listener.measured(
        new ServiceSample(batch.model().name(), rows, batch.paddedLength(), tokens, seconds));
    listener.finished(batch.id(), finished);
  }

  @Override
  public long memoryFreeBytes() {
    return runner.memoryFreeBytes();
  }

  @Override
  public void close() {
    runner.close();
  }
}
