package dev.headrace.worker.model.weights;

import java.io.IOException;

/**
 * A model's files are damaged, incomplete or of a kind that is not supported. The message names the
 * file or tensor, the value found and what was expected. Loading it again will not help.
 */
public final class MalformedModelException extends IOException {
  private static final long serialVersionUID = 1L;

  public MalformedModelException(String message) {
    super(message);
  }

  public MalformedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
