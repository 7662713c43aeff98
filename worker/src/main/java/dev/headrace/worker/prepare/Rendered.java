package dev.headrace.worker.prepare;

import dev.headrace.protocol.Failure;

/** What became of a response. */
public sealed interface Rendered {
  /** The request's number. */
  long job();

  /** It is written. */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Response(long job, byte[] body) implements Rendered {}

  /** The outputs are of no use. */
  record Refused(long job, Failure failure) implements Rendered {}
}
