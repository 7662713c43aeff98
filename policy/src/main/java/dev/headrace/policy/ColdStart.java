package dev.headrace.policy;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.PlannedLane;
import dev.headrace.protocol.service.ServiceCurve;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Service times for lanes that have measured nothing of a model yet. What others know is better
 * than a guess; the nearer they are the better:
 *
 * <ol>
 *   <li>the fleet file's curve for the same device type, as {@code headrace profile} measured it
 *   <li>what workers of the same device type measured in another lane
 *   <li>what workers of a device type of the same family measured (the name up to its first dash,
 *       as {@code nvidia-t4} and {@code nvidia-h100})
 * </ol>
 *
 * <p>The margin grows with the distance: at least {@link #SAME_TYPE} for another device of the
 * type, the whole of the time for another type.
 */
final class ColdStart {
  /** Least relative error of a curve that was measured on another device of its type (chosen). */
  static final double SAME_TYPE = 0.3;

  /** A curve of another type may be off by its own size, as a guess may. */
  static final double OTHER_TYPE = 1;

  private final List<Known> known = new ArrayList<>();

  /** What is known of a model on a device type. */
  private record Known(String deviceType, String model, ModelReport report) {}

  private ColdStart() {}

  /** From what workers report and what the fleet file says. */
  static ColdStart of(Collection<DeviceReport> reports, Collection<PlannedLane> planned) {
    ColdStart start = new ColdStart();
    for (PlannedLane lane : planned) {
      lane.models().forEach((name, model) -> start.add(lane.deviceType(), name, model));
    }
    for (DeviceReport report : reports) {
      report.models().forEach((name, model) -> start.add(report.deviceType(), name, model));
    }
    return start;
  }

  private void add(String deviceType, String model, ModelReport report) {
    GenerationCurve g = report.generation();
    if (report.curve().samples() > 0 || (g != null && g.samples() > 0)) {
      known.add(new Known(deviceType, model, report));
    }
  }

  /** The candidate with the best curves that there are for it. */
  Candidate warmed(Candidate cold, String deviceType, String model) {
    GenerationCurve own = cold.generation();
    boolean needsCurve = cold.curve().samples() == 0;
    boolean needsGeneration = own != null && own.samples() == 0;
    if (!needsCurve && !needsGeneration) {
      return cold;
    }
    ServiceCurve curve = needsCurve ? curve(deviceType, model) : null;
    GenerationCurve generation = needsGeneration ? generation(deviceType, model) : null;
    return new Candidate(
        cold.lane(),
        curve == null ? cold.curve() : curve,
        cold.batchRows(),
        cold.precision(),
        generation == null ? own : generation,
        cold.loadSeconds(),
        cold.sideBySide());
  }

  private @Nullable ServiceCurve curve(String deviceType, String model) {
    for (double error : new double[] {SAME_TYPE, OTHER_TYPE}) {
      for (Known k : known) {
        ServiceCurve c = k.report.curve();
        if (c.samples() > 0 && k.model.equals(model) && near(k.deviceType, deviceType, error)) {
          return new ServiceCurve(
              c.fixedSeconds(),
              c.secondsPerToken(),
              c.secondsPerTokenSquared(),
              Math.max(error, c.relativeError()),
              1);
        }
      }
    }
    return null;
  }

  private @Nullable GenerationCurve generation(String deviceType, String model) {
    for (double error : new double[] {SAME_TYPE, OTHER_TYPE}) {
      for (Known k : known) {
        GenerationCurve g = k.report.generation();
        if (g != null
            && g.samples() > 0
            && k.model.equals(model)
            && near(k.deviceType, deviceType, error)) {
          return new GenerationCurve(
              g.fixedSeconds(),
              g.secondsPerPromptToken(),
              g.secondsPerSequence(),
              g.secondsPerContextToken(),
              g.outputShare(),
              Math.max(error, g.relativeError()),
              1);
        }
      }
    }
    return null;
  }

  private static boolean near(String one, String other, double error) {
    return error < OTHER_TYPE ? one.equals(other) : family(one).equals(family(other));
  }

  private static String family(String deviceType) {
    int dash = deviceType.indexOf('-');
    return dash < 0 ? deviceType : deviceType.substring(0, dash);
  }
}
