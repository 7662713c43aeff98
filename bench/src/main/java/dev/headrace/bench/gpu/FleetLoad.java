package dev.headrace.bench.gpu;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What workers and threads did between two moments: where a pipeline's time goes. */
final class FleetLoad {
  static final Load NONE = new Load(0, 0, Map.of());

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Threads that take less than this share of a core are not named. */
  private static final double LEAST_SHARE = 0.05;

  private final List<? extends MeterRegistry> registries;
  private final Map<Long, Long> cpu = cpu();
  private final long started = System.nanoTime();
  private final double batches;
  private final double rows;
  private final double busy;

  /**
   * A load.
   *
   * @param batchRows mean rows of a batch
   * @param busyShare of the time that the devices ran batches, mean over the workers
   * @param cores that threads of a name kept busy; numbers in names are left out
   */
  record Load(double batchRows, double busyShare, Map<String, Double> cores) {
    /** That all threads took whose names begin so. */
    double cores(String prefix) {
      return cores.entrySet().stream()
          .filter(e -> e.getKey().startsWith(prefix))
          .mapToDouble(Map.Entry::getValue)
          .sum();
    }

    @Override
    public String toString() {
      String threads =
          cores.entrySet().stream()
              .filter(e -> e.getValue() >= LEAST_SHARE)
              .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
              .map(e -> String.format(Locale.ROOT, "%s %.2f", e.getKey(), e.getValue()))
              .collect(Collectors.joining(", "));
      return String.format(
          Locale.ROOT, "batch=%.1f busy=%.3f cores={%s}", batchRows, busyShare, threads);
    }
  }

  private FleetLoad(List<? extends MeterRegistry> registries) {
    this.registries = registries;
    this.batches = sum("batch.rows", true);
    this.rows = sum("batch.rows", false);
    this.busy = sum("device.busy.seconds", false);
  }

  static FleetLoad start(List<? extends MeterRegistry> registries) {
    return new FleetLoad(registries);
  }

  Load end() {
    double seconds = (System.nanoTime() - started) / 1e9;
    double ran = sum("batch.rows", true) - batches;
    double mean = ran > 0 ? (sum("batch.rows", false) - rows) / ran : 0;
    double share = (sum("device.busy.seconds", false) - busy) / seconds / registries.size();
    return new Load(mean, share, cores(seconds));
  }

  /** Over all workers; how many were recorded, or what they add up to. */
  private double sum(String name, boolean count) {
    double sum = 0;
    for (MeterRegistry registry : registries) {
      for (DistributionSummary summary : registry.find("headrace.worker." + name).summaries()) {
        sum += count ? summary.count() : summary.totalAmount();
      }
      for (Counter counter : registry.find("headrace.worker." + name).counters()) {
        sum += counter.count();
      }
    }
    return sum;
  }

  private static Map<Long, Long> cpu() {
    Map<Long, Long> nanos = new HashMap<>();
    for (long id : THREADS.getAllThreadIds()) {
      nanos.put(id, Math.max(0, THREADS.getThreadCpuTime(id)));
    }
    return nanos;
  }

  private Map<String, Double> cores(double seconds) {
    Map<String, Double> cores = new TreeMap<>();
    cpu()
        .forEach(
            (id, nanos) -> {
              ThreadInfo info = THREADS.getThreadInfo(id);
              if (info != null) {
                String name = info.getThreadName().replaceAll("[0-9]+", "N");
                double share = (nanos - cpu.getOrDefault(id, 0L)) / 1e9 / seconds;
                cores.merge(name, share, Double::sum);
              }
            });
    return cores;
  }
}
