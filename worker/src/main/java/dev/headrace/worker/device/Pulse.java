package dev.headrace.worker.device;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether a thread is inside a call that may not come back (the device's in its engine, a preparing
 * one in a body), and whether it is still the same call: counted up on the way in and on the way
 * out. Written by that thread, read by any. Without a clock, so that whoever looks decides what
 * time counts.
 */
public final class Pulse {
  private final AtomicLong beats = new AtomicLong();
  private volatile long what;

  /** The thread goes into a call. */
  public void enter() {
    beats.setRelease(beats.getPlain() + 1);
  }

  /** The thread goes into a call for this job. */
  public void enter(long job) {
    what = job;
    enter();
  }

  /** The job of the call that it is in, or was in last. */
  public long what() {
    return what;
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
