package dev.headrace.sdk;

import org.jspecify.annotations.Nullable;

/**
 * Kafka (or, for a large body, Redis) did not take the request in time. When an acknowledgement was
 * lost on the way back the request may still run: {@link HeadraceClient#result} tells.
 */
public final class SendFailedException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  public SendFailedException(String requestId, String message, @Nullable Throwable cause) {
    super(requestId, message, cause);
  }
}
