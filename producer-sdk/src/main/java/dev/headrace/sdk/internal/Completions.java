package dev.headrace.sdk.internal;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Completes futures, in order, on a thread where the callbacks of users do no harm: a future keeps
 * to itself what they throw. Its queue is bounded by the number of pending requests.
 */
final class Completions implements LoopThread.Step {
  private final BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
  private volatile boolean ending;
  private volatile boolean ended;

  /** Has this run on the completion thread, or here when that has ended. */
  void add(Runnable completion) {
    queue.add(completion);
    if (ended) {
      runRest();
    }
  }

  /** Ends the thread after what is queued. */
  void end() {
    ending = true;
    queue.add(() -> {}); // ends the wait
  }

  @Override
  public boolean run() throws InterruptedException {
    queue.take().run();
    return !(ending && queue.isEmpty());
  }

  @Override
  public void close() {
    ended = true;
    runRest();
  }

  private void runRest() {
    for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
      next.run();
    }
  }
}
