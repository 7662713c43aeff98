package dev.headrace.sdk;

import dev.headrace.protocol.ErrorCode;
import java.util.Optional;

/** Thrown by {@link InferenceResult#orThrow}: the request ended without a result. */
public final class InferenceException extends HeadraceException {
  private static final long serialVersionUID = 1L;

  private final transient InferenceResult result;

  InferenceException(InferenceResult result) {
    super(
        result.id(),
        "request "
            + result.id()
            + " ended "
            + result.status()
            + result.errorCode().map(code -> ": " + code.wireId()).orElse("")
            + result.errorMessage().map(message -> ": " + message).orElse(""),
        null);
    this.result = result;
  }

  /** How it ended, with all that is known. */
  public InferenceResult result() {
    return result;
  }

  /** Why, when it FAILED. */
  public Optional<ErrorCode> errorCode() {
    return result.errorCode();
  }
}
