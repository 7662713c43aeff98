package dev.headrace.worker.device;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What engines that run whole batches tell of them. */
final class BatchReports {
  private static final Logger LOG = LoggerFactory.getLogger(BatchReports.class);

  private BatchReports() {}

  /** The failure of a batch whose runner broke. */
  static Failure defect(DeviceBatch batch, RuntimeException e) {
    LOG.warn("batch failed model={} rows={}", batch.model().name(), batch.rows().size(), e);
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

  /** Tells the rows of a batch, each with its share of the time. */
  static void report(
      DeviceBatch batch,
      List<RowOutput> outputs,
      long startedNanos,
      double seconds,
      Engine.Listener listener) {
    int rows = batch.rows().size();
    if (outputs.size() != rows) {
      String message = "engine: " + outputs.size() + " outputs (expected: " + rows + ")";
      listener.failed(batch.id(), new Failure(ErrorCode.INTERNAL_ERROR, message));
      return;
    }
    List<FinishedRow> finished = new ArrayList<>(rows);
    long tokens = 0;
    for (Row row : batch.rows()) {
      tokens += row.length();
    }
    for (int i = 0; i < rows; i++) {
      // Padded rows cost the same.
      boolean same = batch.model().pads() || tokens == 0;
      double share = same ? 1.0 / rows : (double) batch.rows().get(i).length() / tokens;
      finished.add(new FinishedRow(i, outputs.get(i), startedNanos, seconds * share));
    }
    listener.measured(
        new ServiceSample(batch.model().name(), rows, batch.lengthCharged(), tokens, seconds));
    listener.finished(batch.id(), finished);
  }
}
