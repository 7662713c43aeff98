package dev.headrace.sdk;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why the client could not submit a request, or has no result for it. */
public abstract sealed class HeadraceException extends RuntimeException
    permits InvalidRequestException,
        OverloadedException,
        SendFailedException,
        ResultTimeoutException,
        ResultLostException,
        ClientClosedException,
        StoreUnavailableException,
        InferenceException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String requestId;

  HeadraceException(@Nullable String requestId, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.requestId = requestId;
  }

  /** The request it is about, if it is about one. */
  public Optional<String> requestId() {
    return Optional.ofNullable(requestId);
  }
}
