package dev.headrace.sdk;

/** Redis did not answer a call that needs it; calling again is fine. */
public final class StoreUnavailableException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  public StoreUnavailableException(String requestId, String message, Throwable cause) {
    super(requestId, message, cause);
  }
}
