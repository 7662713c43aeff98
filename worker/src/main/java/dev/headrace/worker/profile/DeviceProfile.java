package dev.headrace.worker.profile;

import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was measured of a model on a device.
 *
 * @param device its maker's name
 * @param threads that worked on the CPU
 * @param maxError the bound that a precision must keep to be chosen
 * @param precisions that ran, float32 among them
 * @param failed why others did not, by precision
 */
public record DeviceProfile(
    String model,
    String revision,
    String device,
    int threads,
    double maxError,
    List<PrecisionProfile> precisions,
    Map<Precision, String> failed) {
  public DeviceProfile {
    precisions = List.copyOf(precisions);
    failed = Map.copyOf(failed);
    if (precisions.isEmpty()) {
      throw new IllegalArgumentException("precisions: none (expected: at least one)");
    }
  }

  /** The fastest that is accurate enough. */
  public Precision best() {
    return best(List.of(this)).orElse(Precision.FLOAT32);
  }

  /** The fastest that is accurate enough for all models; a batch of each weighs the same. */
  public static Optional<Precision> best(List<DeviceProfile> models) {
    return List.of(Precision.values()).stream()
        .filter(p -> models.stream().allMatch(m -> m.accurate(p)))
        .min(Comparator.comparingDouble(p -> relativeSeconds(models, p)));
  }

  /** Each model's time relative to the first precision's, so that no model drowns the others. */
  private static double relativeSeconds(List<DeviceProfile> models, Precision precision) {
    double sum = 0;
    for (DeviceProfile model : models) {
      sum += model.of(precision).orElseThrow().seconds() / model.precisions.get(0).seconds();
    }
    return sum;
  }

  private boolean accurate(Precision precision) {
    return of(precision).filter(p -> p.maxError() <= maxError).isPresent();
  }

  Optional<PrecisionProfile> of(Precision precision) {
    return precisions.stream().filter(p -> p.precision() == precision).findFirst();
  }

  /** The curve in this precision, if it was measured. */
  public Optional<ServiceCurve> curve(Precision precision) {
    return of(precision).map(PrecisionProfile::curve);
  }

  /** Whether it says anything of this model, here. */
  public boolean fits(ModelDescription other, ComputeDevice where, int itsThreads) {
    return model.equals(other.name())
        && revision.equals(other.revision())
        && device.equals(where.name())
        && threads == itsThreads;
  }
}
