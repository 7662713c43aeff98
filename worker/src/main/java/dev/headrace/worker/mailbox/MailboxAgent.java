package dev.headrace.worker.mailbox;

import dev.headrace.transport.agent.Agent;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * An agent that does what is in a mailbox, one letter after the other. The worker's loop stops
 * posting before it asks for the end: what was posted, and what is under way, is finished.
 *
 * @param <T> what is posted
 */
public abstract class MailboxAgent<T> implements Agent {
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final String name;
  private final Mailbox<T> mailbox;

  protected MailboxAgent(String name, Mailbox<T> mailbox) {
    this.name = name;
    this.mailbox = mailbox;
  }

  /** Does what a letter asks for. */
  protected abstract void run(T letter);

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final void doWork() {
    T letter = mailbox.poll(IDLE_NANOS);
    if (letter != null) {
      run(letter);
    }
  }

  @Override
  public final void drain() {
    // Nothing to do: no more comes.
  }

  @Override
  public final boolean drained() {
    return mailbox.isEmpty();
  }

  @Override
  public final void close(Duration timeout) {
    mailbox.close();
  }
}
