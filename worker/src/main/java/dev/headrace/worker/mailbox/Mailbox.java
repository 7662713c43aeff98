package dev.headrace.worker.mailbox;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue that one thread reads, or several that share its work. The worker loop only ever
 * {@link #offer}s, so that it never blocks; the threads that serve it {@link #put} into its
 * mailbox, which the loop empties in every turn, so that they do not wait for ever either.
 *
 * @param <T> what is posted
 */
public final class Mailbox<T> {
  /** How often a blocked sender looks whether the owner is gone (chosen). */
  private static final long LOOK_MS = 50;

  private final ArrayBlockingQueue<T> letters;
  private volatile boolean closed;

  public Mailbox(int capacity) {
    this.letters = new ArrayBlockingQueue<>(capacity);
  }

  /** Posts if there is room. */
  public boolean offer(T letter) {
    return !closed && letters.offer(letter);
  }

  /**
   * Posts, waits for room.
   *
   * @return false when the mailbox was closed or the thread interrupted: it will not be read
   */
  public boolean put(T letter) {
    try {
      while (!closed) {
        if (letters.offer(letter, LOOK_MS, TimeUnit.MILLISECONDS)) {
          // Closing empties the box, which looks like room.
          return !closed || !letters.remove(letter);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  /** The next letter, or null when none came in this time. */
  public @Nullable T poll(long waitNanos) {
    if (waitNanos <= 0) {
      return letters.poll();
    }
    try {
      return letters.poll(waitNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  public int size() {
    return letters.size();
  }

  public boolean isEmpty() {
    return letters.isEmpty();
  }

  /** Takes no more; what is in it is dropped. */
  public void close() {
    closed = true;
    letters.clear();
  }
}
