package dev.headrace.worker.failure;

import dev.headrace.protocol.ErrorKind;

/** What is done with the rows of a batch that failed. */
public enum Action {
  /** Run the halves: the error is the fault of one request, and the others shall not suffer. */
  SPLIT,
  /** Run them again in batches of half the size, and remember the limit. */
  SHRINK,
  /** Send the requests back to the router, to come again after a while. */
  RETRY,
  /** Send the requests back to the router, not to come to this device type again. */
  ELSEWHERE,
  /** End the requests: dead letter and FAILED outcome. */
  DEAD_LETTER,
  /** Stop this worker; others get its unacknowledged records. */
  STOP;

  /**
   * The one place where the kind of an error decides.
   *
   * @param rows of the batch that are not finished
   * @param requests to which they belong
   */
  public static Action on(ErrorKind kind, int rows, int requests) {
    return switch (kind) {
      case INVALID_REQUEST, INTERNAL -> requests > 1 ? SPLIT : DEAD_LETTER;
      case OVERLOADED, TRANSIENT -> RETRY;
      case RESOURCE -> rows > 1 ? SHRINK : ELSEWHERE;
      case FATAL -> STOP;
    };
  }
}
