package dev.headrace.sdk;

/**
 * The request was sent, its deadline and the grace after it are over, and nothing came: neither
 * router nor workers answered. {@link HeadraceClient#result} may find a result later.
 */
public final class ResultTimeoutException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  public ResultTimeoutException(String requestId, String message) {
    super(requestId, message, null);
  }
}
