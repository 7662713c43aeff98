package dev.headrace.bench.gpu;

import dev.headrace.sdk.InferenceResult;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What became of a run's requests. Filled by the client's threads. */
final class FleetRun {
  private final Map<String, Integer> endings = new TreeMap<>();
  private final Map<String, Integer> rowsByDevice = new TreeMap<>();
  private double usd;
  private double seconds;
  private FleetLoad.Load load = FleetLoad.NONE;
  private int rows;

  synchronized void add(int texts, @Nullable InferenceResult result, @Nullable Throwable failure) {
    rows += texts;
    if (result == null) {
      endings.merge(String.valueOf(failure), 1, Integer::sum);
      return;
    }
    String code = result.errorCode().map(c -> ":" + c.wireId()).orElse("");
    endings.merge(result.status() + code, 1, Integer::sum);
    rowsByDevice.merge(result.deviceType().orElse("none"), texts, Integer::sum);
    usd += result.usd().orElse(0);
  }

  synchronized void end(double took, FleetLoad.Load itsLoad) {
    seconds = took;
    load = itsLoad;
  }

  /** What the machine did meanwhile. */
  synchronized FleetLoad.Load load() {
    return load;
  }

  synchronized double rowsPerSecond() {
    return rows / seconds;
  }

  /** Requests by how they ended: {@code OK}, {@code FAILED:out_of_memory}. */
  synchronized Map<String, Integer> endings() {
    return new TreeMap<>(endings);
  }

  /** Share of the rows that a device type ran. */
  synchronized double share(String deviceType) {
    return rowsByDevice.getOrDefault(deviceType, 0) / (double) rows;
  }

  /** What a thousand rows cost, by the seconds of device time that they took. */
  synchronized double usdPerThousand() {
    return 1000 * usd / rows;
  }

  @Override
  public synchronized String toString() {
    return String.format(Locale.ROOT, "rows/s=%.0f ", seconds > 0 ? rows / seconds : 0)
        + load
        + " rows="
        + rows
        + " endings="
        + endings
        + " devices="
        + rowsByDevice;
  }
}
