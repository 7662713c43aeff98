package dev.headrace.worker.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The engine's thread and its helpers, which share the parts of one batch. Each takes the next part
 * when it is done with the last one, so that a thread whose core is taken from it for a while holds
 * up nobody; threads that share one operation would wait for it at every step.
 *
 * <p>Only the owner calls {@link #run} and {@link #close}, one at a time.
 */
final class Crew implements AutoCloseable {
  /** One part of a batch. */
  interface Part {
    /**
     * Runs a part.
     *
     * @param member who runs it, 0 for the owner
     * @param part which one
     */
    void run(int member, int part);
  }

  /** Parts that are being run. */
  private static final class Job {
    final int parts;
    final Part part;
    final AtomicInteger next = new AtomicInteger();
    final CountDownLatch helpers;
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Job(int parts, Part part, int helpers) {
      this.parts = parts;
      this.part = part;
      this.helpers = new CountDownLatch(helpers);
    }

    void work(int member) {
      try {
        for (int i = next.getAndIncrement(); i < parts; i = next.getAndIncrement()) {
          part.run(member, i);
        }
      } catch (Throwable e) {
        next.set(parts);
        failure.compareAndSet(null, e);
      }
    }
  }

  private final SynchronousQueue<Job> jobs = new SynchronousQueue<>();
  private final List<Thread> helpers = new ArrayList<>();

  /**
   * Starts the helpers, called as the calling thread with {@code -helper} behind.
   *
   * @param members threads in all, the calling one among them
   * @param begin called first by each helper
   */
  Crew(int members, Runnable begin) {
    String name = Thread.currentThread().getName() + "-helper";
    for (int i = 1; i < members; i++) {
      int member = i;
      Thread helper = new Thread(() -> help(member, begin), name);
      helper.setDaemon(true);
      helper.start();
      helpers.add(helper);
    }
  }

  int members() {
    return helpers.size() + 1;
  }

  private void help(int member, Runnable begin) {
    begin.run();
    try {
      while (true) {
        Job job = jobs.take();
        job.work(member);
        job.helpers.countDown();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the crew is closed
    }
  }

  /**
   * Runs all parts; part 0 is begun first. Returns when none is running any more.
   *
   * @throws RuntimeException what the first part threw that failed; parts not begun are left out
   */
  void run(int parts, Part part) {
    int helping = Math.min(parts - 1, helpers.size());
    if (helping <= 0) {
      for (int i = 0; i < parts; i++) {
        part.run(0, i);
      }
      return;
    }
    Job job = new Job(parts, part, helping);
    boolean interrupted = false;
    for (int i = 0; i < helping; i++) {
      interrupted |= hand(job);
    }
    job.work(0);
    interrupted |= await(job);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    rethrow(job.failure.get());
  }

  /** Helpers are idle between runs, so this takes no longer than waking one. */
  private boolean hand(Job job) {
    boolean interrupted = false;
    while (true) {
      try {
        jobs.put(job);
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  /** An operation cannot be stopped half-way, and its memory is the engine's. */
  private static boolean await(Job job) {
    boolean interrupted = false;
    while (true) {
      try {
        job.helpers.await();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  private static void rethrow(@Nullable Throwable failure) {
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  /** Ends the helpers; they are idle. */
  @Override
  public void close() {
    helpers.forEach(Thread::interrupt);
    boolean interrupted = false;
    for (Thread helper : helpers) {
      interrupted |= join(helper);
    }
    helpers.clear();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }
}
