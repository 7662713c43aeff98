package dev.headrace.worker.prepare;

import dev.headrace.protocol.Failure;
import dev.headrace.worker.task.Work;

/** What became of a body. */
public sealed interface Prepared {
  /** The request's number. */
  long job();

  /**
   * It can be run.
   *
   * @param cacheable whether the request's cache key is the key of this body on this worker's
   *     revision of the model
   */
  record Ready(long job, Work work, boolean cacheable) implements Prepared {}

  /** It cannot. */
  record Refused(long job, Failure failure) implements Prepared {}
}
