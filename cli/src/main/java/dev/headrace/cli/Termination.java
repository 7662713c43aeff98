package dev.headrace.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * SIGTERM and Ctrl-C as a request to the main thread, which then stops what it runs in order; the
 * JVM ends when it is done, or after a bounded wait.
 */
public final class Termination implements AutoCloseable {
  private static final Duration WAIT = Duration.ofSeconds(60);

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::terminate, "headrace-termination");
  private volatile boolean requested;

  public Termination() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void terminate() {
    requested = true;
    try {
      if (!closed.await(WAIT.toSeconds(), TimeUnit.SECONDS)) {
        System.err.println("headrace: did not stop within " + WAIT.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the process was asked to end. */
  public boolean requested() {
    return requested;
  }

  @Override
  public void close() {
    closed.countDown();
    if (!requested) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        return; // the JVM ends in this moment; the hook finds the latch open
      }
    }
  }
}
