package dev.headrace.router.state;

import dev.headrace.policy.Candidate;
import dev.headrace.policy.Fleet;
import dev.headrace.policy.ServedModel;
import dev.headrace.protocol.Task;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Remembers models whose last worker is gone: a fleet that restarts must not turn its requests into
 * unknown ones.
 */
final class ModelMemory {
  private record Seen(ServedModel model, long atNanos) {}

  private final long spanNanos;
  private final Map<String, Seen> seen = new HashMap<>();

  ModelMemory(Duration span) {
    this.spanNanos = span.toNanos();
  }

  /** The fleet with the models that were there not long ago, which nobody serves. */
  Fleet completed(Fleet fleet, long nowNanos) {
    fleet.models().forEach((name, model) -> seen.put(name, new Seen(model, nowNanos)));
    seen.values().removeIf(s -> nowNanos - s.atNanos > spanNanos);
    Map<String, ServedModel> models = new HashMap<>();
    seen.forEach((name, s) -> models.put(name, nobodyServes(s.model)));
    models.putAll(fleet.models());
    return new Fleet(fleet.lanes(), models);
  }

  private static ServedModel nobodyServes(ServedModel model) {
    Map<Task, List<Candidate>> lanes = new EnumMap<>(Task.class);
    model.lanes().keySet().forEach(task -> lanes.put(task, List.of()));
    return new ServedModel(model.revision(), lanes);
  }
}
