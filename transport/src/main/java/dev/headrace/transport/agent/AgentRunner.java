package dev.headrace.transport.agent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one agent on a thread of its own until it is closed or fails. */
public final class AgentRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentRunner.class);

  /** Least time to stop, when draining got none. */
  private static final long STOP_MS = 1000;

  private final Agent agent;
  private final Duration drainTimeout;
  private final Thread thread;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final AtomicBoolean neverStarted = new AtomicBoolean(true);
  private volatile boolean draining;
  private volatile boolean stopped;
  private volatile Duration closeTimeout;

  /**
   * Makes the thread; {@link #start} starts it.
   *
   * @param drainTimeout how long the agent may take to finish what it began
   */
  public AgentRunner(Agent agent, Duration drainTimeout) {
    this.agent = agent;
    this.drainTimeout = drainTimeout;
    this.closeTimeout = drainTimeout;
    this.thread = new Thread(this::run, agent.name());
  }

  /**
   * Starts the thread, once.
   *
   * @throws IllegalStateException when it was started or closed before
   */
  public void start() {
    if (!neverStarted.compareAndSet(true, false)) {
      throw new IllegalStateException("agent " + agent.name() + ": started or closed before");
    }
    thread.start();
  }

  /** What ended the agent, or null while it runs or when it ended well. */
  public @Nullable Throwable failure() {
    return failure.get();
  }

  /** Whether the thread is still at work. */
  public boolean running() {
    return ended.getCount() > 0;
  }

  /** Waits for the end; false when the time is over first. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void run() {
    try {
      boolean told = false;
      while (!stopped) {
        if (draining && !told) {
          agent.drain();
          told = true;
        }
        if (told && agent.drained()) {
          break;
        }
        agent.doWork();
      }
    } catch (RuntimeException | Error e) {
      failure.set(e);
      LOG.error("agent failed name={}", agent.name(), e);
    } finally {
      try {
        closeAgent();
      } finally {
        ended.countDown();
      }
    }
  }

  private void closeAgent() {
    try {
      agent.close(closeTimeout);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      LOG.error("agent could not be closed name={}", agent.name(), e);
    }
  }

  /** Asks the agent to drain without waiting for it. */
  public void drain() {
    draining = true;
  }

  /** Drains, then stops; bounded by twice the drain timeout and idempotent. */
  @Override
  public void close() {
    close(drainTimeout.multipliedBy(2));
  }

  /**
   * Drains for at most half of this time, then stops, then interrupts. Idempotent. An agent that
   * was never started is closed on the caller's thread.
   */
  public void close(Duration limit) {
    Duration half = limit.dividedBy(2);
    closeTimeout = half;
    draining = true;
    if (neverStarted.compareAndSet(true, false)) {
      closeAgent();
      ended.countDown();
      return;
    }
    try {
      if (!awaitEnd(half)) {
        LOG.warn("agent did not drain in time name={} timeout={}", agent.name(), half);
      }
      stopped = true;
      if (!awaitEnd(Duration.ofMillis(Math.max(half.toMillis(), STOP_MS)))) {
        LOG.error("agent does not stop, interrupting it name={}", agent.name());
        thread.interrupt();
        if (!awaitEnd(Duration.ofMillis(STOP_MS))) {
          LOG.error("agent does not heed the interrupt name={}", agent.name());
          return;
        }
      }
      if (Thread.currentThread() != thread) {
        thread.join(STOP_MS); // it has nothing left to do but to go
      }
    } catch (InterruptedException e) {
      stopped = true;
      Thread.currentThread().interrupt();
    }
  }
}
