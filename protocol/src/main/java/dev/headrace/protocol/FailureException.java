package dev.headrace.protocol;

/** Carries a {@link Failure} through code that cannot return it. */
public final class FailureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;

  public FailureException(Failure failure) {
    super(failure.toString());
    this.failure = failure;
  }

  public FailureException(ErrorCode code, String message) {
    this(new Failure(code, message));
  }

  /** A failure with the exception that caused it. */
  public FailureException(ErrorCode code, String message, Throwable cause) {
    super(code.wireId() + ": " + message, cause);
    this.failure = new Failure(code, message);
  }

  public Failure failure() {
    return failure;
  }
}
