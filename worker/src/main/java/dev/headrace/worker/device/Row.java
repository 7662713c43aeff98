package dev.headrace.worker.device;

/**
 * One text in the form that its model takes. Made by {@link ServedModel#rows}, understood by the
 * engine that the model belongs to; all others see only how long it is. Immutable.
 */
public interface Row {
  /** Tokens of the input, without padding; at least 1. */
  int length();

  /** Most tokens that are generated; 0 for a row that a model runs in one shot. */
  default int newTokens() {
    return 0;
  }
}
