package dev.headrace.protocol.service;

/** Where a worker is in its life. */
public enum WorkerState {
  /** Its models are being loaded; it takes no work. */
  LOADING,
  /** It takes work. */
  READY,
  /** It has been at the same work for far too long; it takes no more, and may have to end. */
  STALLED,
  /** It finishes what it has and takes no more. */
  DRAINING
}
