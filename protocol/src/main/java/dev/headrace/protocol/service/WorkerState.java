package dev.headrace.protocol.service;

/** Where a worker is in its life. */
public enum WorkerState {
  /** Its models are being loaded; it takes no work. */
  LOADING,
  /** It takes work. */
  READY,
  /** It finishes what it has and takes no more. */
  DRAINING
}
