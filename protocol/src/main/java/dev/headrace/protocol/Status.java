package dev.headrace.protocol;

/** How a request ended. Every accepted request ends in exactly one of these. */
public enum Status {
  OK,
  FAILED,
  /** The deadline passed before a result could be made. */
  EXPIRED,
  CANCELLED
}
