package dev.headrace.policy;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.WorkerState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Which heartbeats can be believed. */
public final class Reports {
  /** A lane becomes part of a topic's name, a device type an item of a list in a header. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** Dollars an hour or seconds (chosen: thirty years). */
  private static final double MOST = 1e9;

  private Reports() {}

  /** Whether the report is no garbage: names that can be used and numbers that are numbers. */
  public static boolean usable(DeviceReport r) {
    return NAME.matcher(r.lane()).matches()
        && NAME.matcher(r.deviceType()).matches()
        && believable(r.usdPerHour())
        && believable(r.queuedSeconds())
        && believable(r.runningSeconds())
        && r.models().values().stream().allMatch(Reports::believable);
  }

  /** Beyond this is no price and no time: sums of such numbers would overflow. */
  private static boolean believable(double value) {
    return value >= 0 && value <= MOST;
  }

  private static boolean believable(ModelReport m) {
    ServiceCurve c = m.curve();
    GenerationCurve g = m.generation();
    return believable(c.fixedSeconds())
        && believable(c.secondsPerToken())
        && believable(c.secondsPerTokenSquared())
        && believable(c.relativeError())
        && believable(m.batchRows())
        && believable(m.loadSeconds())
        && believable(m.sideBySide().rows())
        && believable(m.sideBySide().seconds())
        && (g == null || believable(g));
  }

  private static boolean believable(GenerationCurve g) {
    return believable(g.fixedSeconds())
        && believable(g.secondsPerPromptToken())
        && believable(g.secondsPerSequence())
        && believable(g.secondsPerContextToken())
        && believable(g.outputShare())
        && believable(g.relativeError());
  }

  /** Whether the worker takes work. One without a model could do none. */
  public static boolean ready(DeviceReport r) {
    return r.state() == WorkerState.READY && !r.models().isEmpty();
  }

  /**
   * Workers that have been at the same work for far too long.
   *
   * @return a sentence for each, in order
   */
  public static List<String> stalled(Collection<DeviceReport> reports) {
    return reports.stream()
        .filter(r -> r.state() == WorkerState.STALLED)
        .map(
            r ->
                "worker %s of lane %s is stalled: it has been at the same work for too long"
                    .formatted(r.workerId(), r.lane()))
        .sorted()
        .toList();
  }

  /** Whether so many of a lane's workers suffice for the lane to get such work. */
  static boolean most(long having, int workers) {
    return 2 * having > workers;
  }

  /**
   * Models that get no work in a lane, since no more than half of its ready workers have them: a
   * record for one of them might come to a worker that does not.
   *
   * @return a sentence for each, in order
   */
  public static List<String> outvoted(Collection<DeviceReport> reports) {
    Map<String, List<DeviceReport>> byLane = new TreeMap<>();
    reports.stream()
        .filter(r -> usable(r) && ready(r))
        .forEach(r -> byLane.computeIfAbsent(r.lane(), l -> new ArrayList<>()).add(r));
    List<String> outvoted = new ArrayList<>();
    byLane.forEach(
        (lane, workers) -> {
          Map<String, Integer> having = new TreeMap<>();
          for (DeviceReport worker : workers) {
            worker
                .models()
                .forEach(
                    (model, m) ->
                        having.merge(model, m.state() == ModelState.FAILED ? 0 : 1, Integer::sum));
          }
          having.forEach(
              (model, count) -> {
                if (count > 0 && !most(count, workers.size())) {
                  outvoted.add(
                      "%s gets no work in lane %s: %d of its %d workers have it (expected: more than half; worker.lane gives those that do a lane of their own)"
                          .formatted(model, lane, count, workers.size()));
                }
              });
        });
    return outvoted;
  }
}
