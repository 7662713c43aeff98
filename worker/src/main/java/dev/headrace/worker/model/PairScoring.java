package dev.headrace.worker.model;

/** What a cross-encoder's logit goes through before it is a score. */
public enum PairScoring {
  /** {@code 1 / (1 + e^-x)}: 0 to 1. */
  SIGMOID,
  /** Nothing: any number. */
  IDENTITY
}
