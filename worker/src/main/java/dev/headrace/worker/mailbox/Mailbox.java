package dev.headrace.worker.mailbox;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of calls for one thread. The worker loop only ever {@link #offer}s, so that it
 * never blocks; the threads that serve it {@link #put} into its mailbox, which the loop empties in
 * every turn, so that they cannot wait for ever either.
 */
public final class Mailbox {
  /** How often a blocked sender looks whether the owner is gone (chosen). */
  private static final long LOOK_MS = 50;

  private final ArrayBlockingQueue<Runnable> calls;
  private volatile boolean closed;

  public Mailbox(int capacity) {
    this.calls = new ArrayBlockingQueue<>(capacity);
  }

  /** Posts a call if there is room. */
  public boolean offer(Runnable call) {
    return !closed && calls.offer(call);
  }

  /**
   * Posts a call, waits for room.
   *
   * @return false when the mailbox was closed or the thread interrupted: the call will not be run
   */
  public boolean put(Runnable call) {
    try {
      while (!closed) {
        if (calls.offer(call, LOOK_MS, TimeUnit.MILLISECONDS)) {
          return true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  /**
   * Runs the calls that are there, at most as many as the mailbox holds.
   *
   * @param waitNanos how long to wait for the first one
   * @return calls that were run
   */
  public int run(long waitNanos) {
    Runnable first = await(waitNanos);
    if (first == null) {
      return 0;
    }
    first.run();
    int ran = 1;
    for (int limit = calls.size(); limit > 0; limit--) {
      Runnable next = calls.poll();
      if (next == null) {
        break;
      }
      next.run();
      ran++;
    }
    return ran;
  }

  private @Nullable Runnable await(long waitNanos) {
    if (waitNanos <= 0) {
      return calls.poll();
    }
    try {
      return calls.poll(waitNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  public boolean isEmpty() {
    return calls.isEmpty();
  }

  /** Takes no more calls; what is in it is dropped. */
  public void close() {
    closed = true;
    calls.clear();
  }
}
