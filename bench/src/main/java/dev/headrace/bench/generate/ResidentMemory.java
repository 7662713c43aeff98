package dev.headrace.bench.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Resident memory of this process over time; Linux tells it in {@code /proc/self/status}. */
final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final List<Double> minutes = new ArrayList<>();
  private final List<Double> mebibytes = new ArrayList<>();

  /** Notes what is resident now, in MiB. */
  double note(double minute) throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("VmRSS:")) {
        double now = Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
        minutes.add(minute);
        mebibytes.add(now);
        return now;
      }
    }
    throw new IOException(STATUS + ": no VmRSS (expected: a line with it)");
  }

  /** MiB a minute in the second half of the time: the slope of the line with the least squares. */
  double growthPerMinute() {
    int from = minutes.size() / 2;
    double x = mean(minutes, from);
    double y = mean(mebibytes, from);
    double up = 0;
    double square = 0;
    for (int i = from; i < minutes.size(); i++) {
      up += (minutes.get(i) - x) * (mebibytes.get(i) - y);
      square += (minutes.get(i) - x) * (minutes.get(i) - x);
    }
    return square == 0 ? 0 : up / square;
  }

  private static double mean(List<Double> values, int from) {
    return values.subList(from, values.size()).stream()
        .mapToDouble(Double::doubleValue)
        .average()
        .orElse(0);
  }

  double last() {
    return mebibytes.get(mebibytes.size() - 1);
  }
}
