package dev.headrace.sdk;

import org.jspecify.annotations.Nullable;

/**
 * The client was closed, or a defect stopped it (then there is a cause). A request that was sent
 * goes on: a later client with the same client id finds its outcome with {@link
 * HeadraceClient#result}.
 */
public final class ClientClosedException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  public ClientClosedException(
      @Nullable String requestId, String message, @Nullable Throwable cause) {
    super(requestId, message, cause);
  }
}
