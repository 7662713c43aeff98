package dev.headrace.sdk;

/**
 * The client had no room for the request for as long as it may wait; nothing was sent. Requests are
 * submitted faster than Kafka takes them, or too many wait for their results.
 */
public final class OverloadedException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  public OverloadedException(String requestId, String message) {
    super(requestId, message, null);
  }
}
