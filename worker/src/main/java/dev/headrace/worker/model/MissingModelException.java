package dev.headrace.worker.model;

/** A model's files are not where they should be; the message names them. */
public final class MissingModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MissingModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
