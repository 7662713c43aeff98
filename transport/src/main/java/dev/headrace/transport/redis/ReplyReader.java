package dev.headrace.transport.redis;

import java.time.Duration;
import java.util.List;

/**
 * Reads one client's reply stream from a position on. One connection and one thread of its own.
 * Throws FailureException STORE_UNAVAILABLE; calling again continues where it stopped.
 */
public interface ReplyReader extends AutoCloseable {
  /** Waits for the ids of finished requests; empty when the wait is over. */
  List<String> read(Duration wait);

  @Override
  void close();
}
