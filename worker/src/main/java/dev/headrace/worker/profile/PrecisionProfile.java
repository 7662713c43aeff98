package dev.headrace.worker.profile;

import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.worker.model.Precision;
import java.util.List;

/**
 * A model in one precision.
 *
 * @param maxError the greatest error of a text: the length of the difference to float32, over the
 *     length of float32's values
 * @param curve fitted to the points
 * @param points what was measured
 */
public record PrecisionProfile(
    Precision precision, double maxError, ServiceCurve curve, List<Point> points) {
  /**
   * A batch.
   *
   * @param seconds median of its runs
   */
  public record Point(int rows, int tokens, double seconds) {}

  public PrecisionProfile {
    points = List.copyOf(points);
  }

  /** Of one run of each batch. */
  double seconds() {
    return points.stream().mapToDouble(Point::seconds).sum();
  }

  /** At the batch with most tokens. */
  public double rowsPerSecond() {
    Point largest = points.get(0);
    for (Point point : points) {
      if ((long) point.rows() * point.tokens() >= (long) largest.rows() * largest.tokens()) {
        largest = point;
      }
    }
    return largest.rows() / largest.seconds();
  }
}
