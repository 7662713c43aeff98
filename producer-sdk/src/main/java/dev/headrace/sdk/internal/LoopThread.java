package dev.headrace.sdk.internal;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A daemon thread that repeats a step until there is none, it is stopped, or the step throws. */
final class LoopThread {
  private static final Logger LOG = LoggerFactory.getLogger(LoopThread.class);

  private final Step step;
  private final Consumer<Throwable> onFailure;
  private final Thread thread;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopped;

  /** Work in small pieces; must return within seconds. */
  interface Step {
    /**
     * Does what is to do, or waits a moment for something.
     *
     * @return whether there may be more
     * @throws InterruptedException ends the thread
     */
    boolean run() throws InterruptedException;

    /** Called last, on the same thread, however it ends. */
    default void close() {}
  }

  /**
   * Makes the thread.
   *
   * @param onFailure told, on the thread, what the step threw
   */
  LoopThread(String name, Step step, Consumer<Throwable> onFailure) {
    this.step = step;
    this.onFailure = onFailure;
    this.thread = new Thread(this::loop, name);
    // A program that forgets to close its client must still be able to end.
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Ends the thread after the step at hand; returns at once. */
  void stop() {
    stopped = true;
  }

  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /** Waits for the end; false when the time is over first. */
  boolean awaitEnd(long nanos) throws InterruptedException {
    return ended.await(nanos, TimeUnit.NANOSECONDS);
  }

  private void loop() {
    try {
      boolean more = true;
      while (more && !stopped) {
        more = step.run();
      }
    } catch (InterruptedException e) {
      onFailure.accept(e);
    } catch (RuntimeException | Error e) {
      LOG.error("client thread failed name={}", thread.getName(), e);
      onFailure.accept(e);
    } finally {
      closeStep();
      ended.countDown();
    }
  }

  private void closeStep() {
    try {
      step.close();
    } catch (RuntimeException e) {
      LOG.error("client thread could not clean up name={}", thread.getName(), e);
    }
  }
}
