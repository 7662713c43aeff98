package dev.headrace.sdk;

import org.jspecify.annotations.Nullable;

/** The request ended, but its result can no longer be read: Redis lost it before it was fetched. */
public final class ResultLostException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  public ResultLostException(String requestId, String message, @Nullable Throwable cause) {
    super(requestId, message, cause);
  }
}
