package dev.headrace.worker.loop;

import java.util.Set;

/** Where a request is on its way through the worker. */
enum JobState {
  /** Taken; it is not known yet whether it has an outcome. */
  CHECKING,
  /** Its body is being read. */
  PREPARING,
  /** Its rows wait for the device or are on it. */
  RUNNING,
  /** Its response is being written. */
  RENDERING,
  /** Its outcome, retry or dead letter is on the way. */
  ENDING,
  /** Acknowledged, or no longer ours. */
  GONE;

  private Set<JobState> successors() {
    return switch (this) {
      case CHECKING -> Set.of(PREPARING, ENDING, GONE);
      case PREPARING -> Set.of(CHECKING, RUNNING, ENDING, GONE);
      case RUNNING -> Set.of(RENDERING, ENDING, GONE);
      case RENDERING -> Set.of(ENDING, GONE);
      case ENDING -> Set.of(GONE);
      case GONE -> Set.of();
    };
  }

  JobState to(JobState next) {
    if (!successors().contains(next)) {
      throw new IllegalStateException(this + " to " + next + " (expected: " + successors() + ")");
    }
    return next;
  }
}
