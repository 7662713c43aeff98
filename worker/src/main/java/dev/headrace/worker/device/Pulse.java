package dev.headrace.worker.device;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether the device's thread is inside its engine, and whether it is still the same call: counted
 * up on the way in and on the way out. Written by that thread, read by any. Without a clock, so
 * that whoever looks decides what time counts.
 */
public final class Pulse {
  private final AtomicLong beats = new AtomicLong();

  /** The thread goes into the engine. */
  public void enter() {
    beats.setRelease(beats.getPlain() + 1);
  }

  /** It came back. */
  public void leave() {
    beats.setRelease(beats.getPlain() + 1);
  }

  /** Changes with each call and each return. */
  public long beats() {
    return beats.getAcquire();
  }

  /** Whether the thread is inside, at this reading of {@link #beats}. */
  public static boolean inside(long beats) {
    return beats % 2 != 0;
  }
}
