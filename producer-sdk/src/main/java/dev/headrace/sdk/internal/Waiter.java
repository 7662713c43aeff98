package dev.headrace.sdk.internal;

import dev.headrace.protocol.Outcome;
import dev.headrace.sdk.HeadraceException;
import java.time.Duration;

/** Who waits for the end of a request. Called once, on the completion thread. */
public interface Waiter {
  /** The request ended; in which way is in the outcome. */
  void ended(Outcome outcome, Duration roundTrip);

  /** How it ended is not known. */
  void failed(HeadraceException failure);
}
