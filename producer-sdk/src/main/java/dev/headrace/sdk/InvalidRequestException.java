package dev.headrace.sdk;

import dev.headrace.protocol.ErrorCode;

/**
 * Thrown by submit, before anything is sent: the request itself is wrong. The message names the
 * value and what was expected.
 */
public final class InvalidRequestException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public InvalidRequestException(ErrorCode code, String message) {
    super(null, message, null);
    this.code = code;
  }

  /** What a worker would have answered. */
  public ErrorCode code() {
    return code;
  }
}
