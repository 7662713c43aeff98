package dev.headrace.protocol;

/** What an error asks for. The kind alone decides about retries. */
public enum ErrorKind {
  /** The request itself is wrong: never retried, dead letter. */
  INVALID_REQUEST,
  /** No capacity now: later, or elsewhere. */
  OVERLOADED,
  /** Something outside failed for a moment: retried with back-off. */
  TRANSIENT,
  /** Not enough device memory: a smaller batch, then a larger device. */
  RESOURCE,
  /** A defect or a lost payload: dead letter. */
  INTERNAL,
  /** The device or the process is unusable: the worker stops, its work goes elsewhere. */
  FATAL
}
