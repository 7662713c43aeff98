package dev.headrace.worker.device;

/**
 * One text in the form that its model takes. Made by {@link ServedModel#rows}, understood by the
 * engine that the model belongs to; all others see only how long it is. Immutable.
 */
public interface Row {
  /** Tokens, without padding; at least 1. */
  int length();
}
