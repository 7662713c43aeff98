package dev.headrace.policy;

import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.PlannedLane;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes a fleet of heartbeats. Workers of one lane should say the same; where they do not, the
 * majority counts, and numbers are averaged. Equal heartbeats give equal fleets, in whatever order
 * they come.
 */
public final class FleetBuilder {
  /** Samples that count for a curve's weight; more say nothing about how good it is now. */
  private static final long MAX_WEIGHT = 200;

  private final List<Lane> lanes = new ArrayList<>();
  private final Map<String, Map<Task, List<Candidate>>> served = new HashMap<>();
  private final double windowSeconds;

  private final ColdStart coldStart;

  private FleetBuilder(double windowSeconds, ColdStart coldStart) {
    this.windowSeconds = windowSeconds;
    this.coldStart = coldStart;
  }

  /**
   * The fleet of these heartbeats.
   *
   * @param open lanes whose topic exists; the others take no work yet
   * @param planned lanes that can be waited for while they have no worker
   */
  public static Fleet build(
      Collection<DeviceReport> reports,
      Set<String> open,
      Collection<PlannedLane> planned,
      double windowSeconds) {
    List<DeviceReport> usable =
        reports.stream()
            .filter(Reports::usable)
            .sorted(Comparator.comparing(DeviceReport::workerId))
            .toList();
    FleetBuilder builder = new FleetBuilder(windowSeconds, ColdStart.of(usable, planned));
    for (DeviceReport report : usable) {
      builder.know(report.models());
    }
    Map<String, List<DeviceReport>> byLane = new TreeMap<>();
    for (DeviceReport report : usable) {
      if (Reports.ready(report) && open.contains(report.lane())) {
        byLane.computeIfAbsent(report.lane(), l -> new ArrayList<>()).add(report);
      }
    }
    Map<String, PlannedLane> idle = new TreeMap<>();
    for (PlannedLane lane : planned) {
      builder.know(lane.models());
      if (!byLane.containsKey(lane.name())) {
        idle.put(lane.name(), lane);
      }
    }
    TreeSet<String> names = new TreeSet<>(byLane.keySet());
    names.addAll(idle.keySet());
    for (String name : names) {
      List<DeviceReport> workers = byLane.get(name);
      if (workers != null) {
        builder.add(name, workers);
      } else {
        builder.add(Objects.requireNonNull(idle.get(name)));
      }
    }
    return builder.fleet(usable, planned);
  }

  /** Notes what a worker serves, whatever its state. */
  private void know(Map<String, ModelReport> models) {
    models.forEach(
        (name, model) -> {
          Map<Task, List<Candidate>> byTask =
              served.computeIfAbsent(name, n -> new EnumMap<>(Task.class));
          model.tasks().forEach(t -> byTask.computeIfAbsent(t, k -> new ArrayList<>()));
        });
  }

  private void add(PlannedLane lane) {
    int index = lanes.size();
    lanes.add(
        new Lane(
            lane.name(),
            lane.deviceType(),
            lane.usdPerHour(),
            0,
            windowSeconds,
            lane.startupSeconds()));
    lane.models()
        .forEach(
            (name, model) ->
                model
                    .tasks()
                    .forEach(
                        task ->
                            served
                                .getOrDefault(name, Map.of())
                                .getOrDefault(task, new ArrayList<>())
                                .add(merge(index, List.of(model)))));
  }

  private void add(String name, List<DeviceReport> workers) {
    int index = lanes.size();
    double price = workers.stream().mapToDouble(DeviceReport::usdPerHour).average().orElse(0);
    String type = mostFrequent(workers.stream().map(DeviceReport::deviceType).toList());
    double window = windowSeconds + sideBySideSeconds(workers);
    lanes.add(new Lane(name, type, price, workers.size(), window));
    TreeSet<String> models = new TreeSet<>();
    workers.forEach(w -> models.addAll(w.models().keySet()));
    for (String model : models) {
      List<ModelReport> said =
          workers.stream()
              .map(w -> w.models().get(model))
              .filter(Objects::nonNull)
              .filter(m -> m.state() != ModelState.FAILED)
              .toList();
      if (said.isEmpty()) {
        continue; // nobody there could load it; who may try again says LOADABLE after a while
      }
      Candidate candidate = coldStart.warmed(merge(index, said), type, model);
      served
          .getOrDefault(model, Map.of())
          .forEach(
              (task, candidates) -> {
                long serving = said.stream().filter(m -> m.tasks().contains(task)).count();
                if (Reports.most(serving, workers.size())) {
                  candidates.add(candidate);
                }
              });
    }
  }

  /**
   * What a worker runs side by side is not waiting work: with a window without it, texts of some
   * seconds would run by twos and threes where there is room for dozens. Of several models the most
   * counts, since they share the device; by the mean over the workers, for each has its share.
   */
  private static double sideBySideSeconds(List<DeviceReport> workers) {
    return workers.stream()
        .mapToDouble(
            w ->
                w.models().values().stream()
                    .mapToDouble(m -> m.sideBySide().seconds())
                    .max()
                    .orElse(0))
        .average()
        .orElse(0);
  }

  private static Candidate merge(int lane, List<ModelReport> said) {
    long samples = said.stream().mapToLong(m -> m.curve().samples()).max().orElse(0);
    ServiceCurve curve =
        new ServiceCurve(
            mean(said, m -> m.curve().fixedSeconds()),
            mean(said, m -> m.curve().secondsPerToken()),
            mean(said, m -> m.curve().secondsPerTokenSquared()),
            mean(said, m -> m.curve().relativeError()),
            samples);
    return new Candidate(
        lane,
        curve,
        mean(said, ModelReport::batchRows),
        leastPrecision(said),
        generation(said),
        said.stream().mapToDouble(FleetBuilder::loadSeconds).average().orElse(0),
        new SideBySide(
            said.stream().mapToDouble(m -> m.sideBySide().rows()).average().orElse(1),
            said.stream().mapToDouble(m -> m.sideBySide().seconds()).average().orElse(0)));
  }

  /** Kafka gives each worker an equal part of the lane's records, hence the mean over workers. */
  private static double loadSeconds(ModelReport m) {
    return m.state() == ModelState.LOADED ? 0 : m.loadSeconds();
  }

  /** That of the worker that has measured most: curves of few steps say little. */
  private static @Nullable GenerationCurve generation(List<ModelReport> said) {
    GenerationCurve best = null;
    for (ModelReport m : said) {
      GenerationCurve g = m.generation();
      if (g != null && (best == null || g.samples() > best.samples())) {
        best = g;
      }
    }
    return best;
  }

  private static @Nullable NumericPrecision leastPrecision(List<ModelReport> said) {
    NumericPrecision least = said.get(0).precision();
    for (ModelReport m : said) {
      NumericPrecision precision = m.precision();
      if (least == null || precision == null) {
        return null;
      }
      least = precision.atLeast(least) ? least : precision;
    }
    return least;
  }

  /** The mean, weighted by the batches that each report rests on. */
  private static double mean(List<ModelReport> said, ToDoubleFunction<ModelReport> value) {
    double sum = 0;
    double weights = 0;
    for (ModelReport m : said) {
      double weight = 1.0 + Math.min(m.curve().samples(), MAX_WEIGHT);
      sum += weight * value.applyAsDouble(m);
      weights += weight;
    }
    return sum / weights;
  }

  private Fleet fleet(List<DeviceReport> usable, Collection<PlannedLane> planned) {
    Map<String, ServedModel> models = new HashMap<>();
    served.forEach(
        (name, byTask) -> {
          Map<Task, List<Candidate>> lists = new EnumMap<>(Task.class);
          byTask.forEach((task, candidates) -> lists.put(task, List.copyOf(candidates)));
          models.put(name, new ServedModel(revision(name, usable, planned), lists));
        });
    return new Fleet(lanes, models);
  }

  /** The revision that most workers have; those that are ready count first. */
  private static String revision(
      String model, List<DeviceReport> usable, Collection<PlannedLane> planned) {
    List<String> all = revisions(model, usable, false);
    if (all.isEmpty()) {
      return planned.stream()
          .map(lane -> lane.models().get(model))
          .filter(Objects::nonNull)
          .map(ModelReport::revision)
          .findFirst()
          .orElse("");
    }
    List<String> ready = revisions(model, usable, true);
    return mostFrequent(ready.isEmpty() ? all : ready);
  }

  private static List<String> revisions(String model, List<DeviceReport> reports, boolean ready) {
    List<String> revisions = new ArrayList<>();
    for (DeviceReport r : reports) {
      @Nullable ModelReport m = r.models().get(model);
      if (m != null && (!ready || Reports.ready(r))) {
        revisions.add(m.revision());
      }
    }
    return revisions;
  }

  /** The most frequent text; of equally frequent ones the first in the alphabet. */
  private static String mostFrequent(List<String> texts) {
    Map<String, Integer> counts = new TreeMap<>();
    texts.forEach(t -> counts.merge(t, 1, Integer::sum));
    String best = "";
    int most = 0;
    for (Map.Entry<String, Integer> e : counts.entrySet()) {
      if (e.getValue() > most) {
        best = e.getKey();
        most = e.getValue();
      }
    }
    return best;
  }
}
