package dev.headrace.protocol;

import java.util.Objects;

/**
 * Why something could not be done.
 *
 * @param code the stable code
 * @param message what, which value, what was expected; no payload; cut to fit a header
 */
public record Failure(ErrorCode code, String message) {
  /** Longest message kept, in characters (chosen: fits a CloudEvents attribute). */
  private static final int MAX_MESSAGE = 1000;

  public Failure {
    Objects.requireNonNull(code);
    if (message.length() > MAX_MESSAGE) {
      message = message.substring(0, MAX_MESSAGE) + "...";
    }
    // Messages quote what was sent to us: it must not break what carries them.
    message = WellFormed.of(message);
  }

  @Override
  public String toString() {
    return code.wireId() + ": " + message;
  }
}
