package dev.headrace.worker.loop;

import dev.headrace.protocol.Outcome;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Ends the leaderships of requests that are over, and answers those that waited for them. What is
 * lost here costs time, no request: a lease runs out, and a follower comes back by itself.
 */
final class Settlements {
  /** In one call (chosen: results are up to some hundred kilobytes). */
  private static final int MAX_BATCH = 256;

  private final ResultCache cache;
  private final StoreGate gate;
  private final Delivery delivery;
  private final WorkerMetrics metrics;
  private final ArrayDeque<Settlement> queue = new ArrayDeque<>();

  Settlements(ResultCache cache, StoreGate gate, Delivery delivery, WorkerMetrics metrics) {
    this.cache = cache;
    this.gate = gate;
    this.delivery = delivery;
    this.metrics = metrics;
  }

  void add(Settlement settlement) {
    queue.add(settlement);
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Settles what is there; returns how many. */
  int runOnce(Instant now) {
    int settled = 0;
    while (!queue.isEmpty() && gate.open()) {
      List<Settlement> batch = new ArrayList<>(Math.min(queue.size(), MAX_BATCH));
      queue.stream().limit(MAX_BATCH).forEach(batch::add);
      List<List<Outcome>> followers = gate.ask("ending leaderships", () -> cache.settleAll(batch));
      if (followers == null) {
        break;
      }
      for (int i = 0; i < batch.size(); i++) {
        queue.removeFirst();
        answer(batch.get(i), followers.get(i), now);
      }
      settled += batch.size();
    }
    return settled;
  }

  private void answer(Settlement settlement, List<Outcome> followers, Instant now) {
    Outcome result = settlement.result();
    if (result == null) {
      return;
    }
    for (Outcome follower : followers) {
      metrics.coalesced();
      // The follower's own record is parked and comes back by itself.
      delivery.answer(result.answering(follower, now, "coalesced"));
    }
  }
}
