package dev.headrace.worker.loop;

import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks now and then whether requests that take long have an outcome already, because their client
 * cancelled them or another worker was first: then nobody needs ours.
 */
final class CancelWatch {
  private final OutcomeStore store;
  private final StoreGate gate;
  private final long intervalNanos;
  private long lookAt;

  CancelWatch(OutcomeStore store, StoreGate gate, long intervalNanos, long nowNanos) {
    this.store = store;
    this.gate = gate;
    this.intervalNanos = intervalNanos;
    this.lookAt = nowNanos + intervalNanos;
  }

  /** A job with the outcome that stands. */
  record Over(Job job, Delivered standing) {}

  /**
   * Gives a standing outcome what there is of the text.
   *
   * @return the outcome that stands then; the former if the store does not answer
   */
  Delivered amended(Delivered standing, Outcome more) {
    Boolean stands = gate.ask("amending an outcome", () -> store.amend(standing.stored(), more));
    return Boolean.TRUE.equals(stands) ? new Delivered(false, more, false) : standing;
  }

  /** Whether it is time to look. */
  boolean due(long nowNanos) {
    return nowNanos - lookAt >= 0;
  }

  /** Those of these jobs that have an outcome. */
  List<Over> look(List<Job> jobs, long nowNanos) {
    lookAt = nowNanos + intervalNanos;
    List<Over> over = new ArrayList<>();
    if (jobs.isEmpty()) {
      return over;
    }
    List<Optional<Delivered>> found =
        gate.ask(
            "looking for cancellations",
            () -> store.find(jobs.stream().map(j -> j.request().address()).toList()));
    for (int i = 0; found != null && i < jobs.size(); i++) {
      Job job = jobs.get(i);
      found.get(i).ifPresent(standing -> over.add(new Over(job, standing)));
    }
    return over;
  }
}
