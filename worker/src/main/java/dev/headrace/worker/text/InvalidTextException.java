package dev.headrace.worker.text;

/** A text that cannot be tokenized. The message says why, without the text. Never worth a retry. */
public final class InvalidTextException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The message says what is wrong, without the text. */
  public InvalidTextException(String message) {
    super(message);
  }
}
