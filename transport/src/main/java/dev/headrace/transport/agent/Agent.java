package dev.headrace.transport.agent;

import java.time.Duration;

/** Work in small steps. All methods are called by one thread. */
public interface Agent {
  /** Name of the thread. */
  String name();

  /** Does what is to do now; must return within about a second. */
  void doWork();

  /** Whether all is done after {@link #drain} was called. */
  boolean drained();

  /** Asks to finish what was begun and to begin nothing more. */
  void drain();

  /** Releases everything; called last, also after a failure of doWork. */
  void close(Duration timeout);
}
