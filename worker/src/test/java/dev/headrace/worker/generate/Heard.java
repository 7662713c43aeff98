package dev.headrace.worker.generate;

import dev.headrace.protocol.Failure;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServiceSample;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All that an engine said. */
final class Heard implements Engine.Listener {
  /** By batch and row: {@code 3/0}. */
  final Map<String, RowOutput> finished = new LinkedHashMap<>();

  final List<ServiceSample> samples = new ArrayList<>();
  private final Map<Long, List<String>> pieces = new LinkedHashMap<>();

  @Override
  public void finished(long batch, List<FinishedRow> rows) {
    for (FinishedRow row : rows) {
      if (finished.put(batch + "/" + row.row(), row.output()) != null) {
        throw new AssertionError("row " + row.row() + " of batch " + batch + " finished twice");
      }
    }
  }

  @Override
  public void failed(long batch, Failure failure) {
    throw new AssertionError("batch " + batch + ": " + failure);
  }

  @Override
  public void progressed(long batch, List<RowProgress> rows) {
    rows.forEach(r -> pieces.computeIfAbsent(batch, b -> new ArrayList<>()).add(r.text()));
  }

  @Override
  public void measured(ServiceSample sample) {
    samples.add(sample);
  }

  RowOutput output(long batch, int row) {
    RowOutput output = finished.get(batch + "/" + row);
    if (output == null) {
      throw new AssertionError("row " + row + " of batch " + batch + " is not finished");
    }
    return output;
  }

  RowOutput.Generated generated(long batch, int row) {
    return (RowOutput.Generated) output(batch, row);
  }

  List<String> pieces(long batch) {
    return pieces.getOrDefault(batch, List.of());
  }
}
