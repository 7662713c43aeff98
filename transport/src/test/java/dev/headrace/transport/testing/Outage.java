package dev.headrace.transport.testing;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.util.function.Supplier;

/** Whether a fake store answers. Share one between several stores to take them down together. */
public final class Outage {
  private enum Mode {
    NONE,
    DOWN,
    ANSWERS_LOST
  }

  private volatile Mode mode = Mode.NONE;

  /** From now on every call fails and does nothing. */
  public void begin() {
    mode = Mode.DOWN;
  }

  /** From now on every call does its work, and then fails: the answer is lost on the way. */
  public void loseAnswers() {
    mode = Mode.ANSWERS_LOST;
  }

  /** From now on every call succeeds. */
  public void end() {
    mode = Mode.NONE;
  }

  <T> T run(Supplier<T> call) {
    if (mode == Mode.DOWN) {
      throw unavailable("is down");
    }
    T answer = call.get();
    if (mode == Mode.ANSWERS_LOST) {
      throw unavailable("lost its answer");
    }
    return answer;
  }

  void run(Runnable call) {
    run(
        () -> {
          call.run();
          return 0;
        });
  }

  private static FailureException unavailable(String what) {
    return new FailureException(ErrorCode.STORE_UNAVAILABLE, "fake store " + what);
  }
}
