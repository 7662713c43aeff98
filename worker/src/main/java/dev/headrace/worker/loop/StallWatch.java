package dev.headrace.worker.loop;

import dev.headrace.worker.device.Pulse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Whether a thread comes back from the call that it is in: the device's from its engine, a
 * preparing one from a body or a response. It may take what follows from the predictions (of a body
 * there are none) and a fixed time besides, for predictions of what never ran are guesses: after a
 * quarter of that time the worker is stalled and takes no more work, after all of it it is stuck.
 *
 * <p>Only time in which the loop itself comes round counts. When the process or the machine was
 * suspended the thread had no time either.
 */
final class StallWatch {
  /** Share of the fixed time after which no more work is taken (chosen). */
  private static final double NO_MORE = 0.25;

  /** Longest turn of the loop that counts in full. */
  private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Pulse pulse;
  private final double allowedSeconds;
  private long seen;
  private long lookedNanos;
  private double seconds;
  private double patience;

  /**
   * Watches a thread by its pulse.
   *
   * @param allowed fixed time beyond what was predicted; zero to watch nothing
   */
  StallWatch(Pulse pulse, Duration allowed, long nowNanos) {
    this.pulse = pulse;
    this.allowedSeconds = allowed.toNanos() * 1e-9;
    this.lookedNanos = nowNanos;
  }

  /**
   * Takes note of how the thread does.
   *
   * @param patienceSeconds that it may take by what was predicted; 0 where nothing is
   */
  void look(double patienceSeconds, long nowNanos) {
    long beats = pulse.beats();
    if (beats != seen || !Pulse.inside(beats)) {
      seen = beats;
      seconds = 0;
    } else {
      seconds += Math.min(TURN_NANOS, nowNanos - lookedNanos) * 1e-9;
    }
    patience = patienceSeconds;
    lookedNanos = nowNanos;
  }

  /** How long it has been in the same call. */
  double seconds() {
    return seconds;
  }

  /** That it may take by what was predicted, the fixed time left out. */
  double patienceSeconds() {
    return patience;
  }

  /** Whether it takes so long that it should get nothing more. */
  boolean stalled() {
    return beyond(NO_MORE);
  }

  /** Whether it will not come back. */
  boolean stuck() {
    return beyond(1);
  }

  private boolean beyond(double share) {
    return allowedSeconds > 0 && seconds > patience + share * allowedSeconds;
  }
}
