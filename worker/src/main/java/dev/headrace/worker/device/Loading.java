package dev.headrace.worker.device;

import java.util.HashSet;
import java.util.Set;

/**
 * Who loads models now: the engine's thread while it opens the engine, the loader's while it loads
 * one. When the worker ends nobody needs them any more, so they are interrupted, and nothing
 * further is begun. An interrupt ends what reads and writes files, and is looked for between two
 * models; what is in native code comes back when it is done.
 */
public final class Loading {
  private final Set<Thread> threads = new HashSet<>();
  private boolean left;

  /** The calling thread is about to load; false when it must not any more. */
  synchronized boolean begin() {
    if (!left) {
      threads.add(Thread.currentThread());
    }
    return !left;
  }

  /** The calling thread is done; the interrupt was for its loading only. */
  synchronized void end() {
    threads.remove(Thread.currentThread());
    if (left) {
      Thread.interrupted();
    }
  }

  /** Ends all loading; on any thread. */
  public synchronized void leave() {
    left = true;
    threads.forEach(Thread::interrupt);
  }

  /** Whether it was told to end. */
  synchronized boolean left() {
    return left;
  }

  /** Whether it was told to end and has not; on any thread. */
  public synchronized boolean stays() {
    return left && !threads.isEmpty();
  }

  /** Whether something is being loaded now; on any thread. */
  public synchronized boolean underWay() {
    return !threads.isEmpty();
  }
}
