package dev.headrace.worker.loop;

import java.util.Arrays;
import java.util.List;

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

  private boolean leadsTo(JobState next) {
    return switch (this) {
      case CHECKING -> next == PREPARING || next == ENDING || next == GONE;
      case PREPARING -> next == CHECKING || next == RUNNING || next == ENDING || next == GONE;
      case RUNNING -> next == RENDERING || next == ENDING || next == GONE;
      case RENDERING -> next == ENDING || next == GONE;
      case ENDING -> next == GONE;
      case GONE -> false;
    };
  }

  JobState to(JobState next) {
    if (!leadsTo(next)) {
      List<JobState> successors = Arrays.stream(values()).filter(this::leadsTo).toList();
      throw new IllegalStateException(this + " to " + next + " (expected: " + successors + ")");
    }
    return next;
  }
}
