package dev.headrace.sdk.internal;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The revision of each model that the workers serve, from their heartbeats. A model of which they
 * serve two revisions, as during an update, counts as unknown. Owned by the sender's thread.
 */
final class ModelRevisions {
  private final DeviceRegistry registry;
  private final Duration refresh;
  private final LongSupplier nanos;
  private Map<String, String> revisions = Map.of();
  private long refreshAt;

  ModelRevisions(DeviceRegistry registry, Duration refresh, LongSupplier nanos) {
    this.registry = registry;
    this.refresh = refresh;
    this.nanos = nanos;
    this.refreshAt = nanos.getAsLong();
  }

  /**
   * Reads the heartbeats when it is time to.
   *
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE
   */
  void refreshIfDue() {
    if (nanos.getAsLong() - refreshAt < 0) {
      return;
    }
    Map<String, String> found = new HashMap<>();
    Set<String> ambiguous = new HashSet<>();
    for (DeviceReport report : registry.list()) {
      if (report.state() != WorkerState.LOADING) {
        report
            .models()
            .forEach(
                (name, model) -> {
                  String other = found.put(name, model.revision());
                  if (other != null && !other.equals(model.revision())) {
                    ambiguous.add(name);
                  }
                });
      }
    }
    found.keySet().removeAll(ambiguous);
    revisions = found;
    refreshAt = nanos.getAsLong() + refresh.toNanos();
  }

  /** The revision of this model, or null when it is not known. */
  @Nullable String of(String model) {
    return revisions.get(model);
  }
}
