package dev.headrace.sdk.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests between the callers' threads and the sender, bounded by number and by bytes. A body
 * larger than all the room is let in when the queue is empty.
 */
final class SendQueue {
  private final int maxRequests;
  private final long maxBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition notFull = lock.newCondition();
  private final Condition notEmpty = lock.newCondition();
  private final ArrayDeque<Submission> queue = new ArrayDeque<>();
  private long bytes;
  private boolean woken;
  private boolean closed;

  SendQueue(int maxRequests, long maxBytes) {
    this.maxRequests = maxRequests;
    this.maxBytes = maxBytes;
  }

  /** Adds at the end; false when there is no room for as long as this. */
  boolean offer(Submission submission, long waitNanos) throws InterruptedException {
    long left = waitNanos;
    lock.lockInterruptibly();
    try {
      while (!fits(submission)) {
        if (left <= 0 || closed) {
          return false;
        }
        left = notFull.awaitNanos(left);
      }
      queue.addLast(submission);
      bytes += submission.bytes();
      notEmpty.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean fits(Submission submission) {
    return queue.isEmpty()
        || (queue.size() < maxRequests && bytes + submission.bytes() <= maxBytes);
  }

  /** Takes the first ones; empty when none came for as long as this, or after {@link #wake}. */
  List<Submission> take(int max, long waitNanos) throws InterruptedException {
    long left = waitNanos;
    lock.lockInterruptibly();
    try {
      while (queue.isEmpty() && !woken && left > 0) {
        left = notEmpty.awaitNanos(left);
      }
      woken = false;
      List<Submission> taken = new ArrayList<>(Math.min(max, queue.size()));
      while (taken.size() < max && !queue.isEmpty()) {
        Submission first = queue.removeFirst();
        bytes -= first.bytes();
        taken.add(first);
      }
      if (!taken.isEmpty()) {
        notFull.signalAll();
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the wait of {@link #take}, now or the next time. */
  void wake() {
    lock.lock();
    try {
      woken = true;
      notEmpty.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Nobody takes any more: ends the waits for room. */
  void close() {
    lock.lock();
    try {
      closed = true;
      notFull.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isEmpty() {
    lock.lock();
    try {
      return queue.isEmpty();
    } finally {
      lock.unlock();
    }
  }
}
