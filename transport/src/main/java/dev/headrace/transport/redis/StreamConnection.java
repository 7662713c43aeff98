package dev.headrace.transport.redis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A connection that waits for entries of streams with {@code XREAD BLOCK}, which would hold up all
 * others on a shared one. A lost connection is made anew by the next read. Owned by one thread;
 * {@link #close} may come from another and ends a wait.
 */
final class StreamConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StreamConnection.class);

  private final RedisLink link;
  private final String slotKey;
  private final Duration timeout;
  private volatile @Nullable Connection connection;
  private volatile boolean closed;

  /**
   * Connects at the first read.
   *
   * @param link used by this alone, closed with it
   * @param slotKey in whose slot all streams are
   * @param timeout after the wait, for the answer
   */
  StreamConnection(RedisLink link, String slotKey, Duration timeout) {
    this.link = link;
    this.slotKey = slotKey;
    this.timeout = timeout;
  }

  /**
   * Waits for entries behind positions; null when the wait is over or this is closed.
   *
   * @param count entries of each stream, at most
   * @param keys of the streams, not none
   * @param positions of as many entries
   */
  @Nullable Object read(int count, Duration wait, List<String> keys, List<String> positions) {
    int waitMs = (int) Math.max(1, Math.min(wait.toMillis(), Integer.MAX_VALUE / 2));
    List<String> line = new ArrayList<>(5 + 2 * keys.size());
    line.addAll(
        List.of("COUNT", Integer.toString(count), "BLOCK", Integer.toString(waitMs), "STREAMS"));
    line.addAll(keys);
    line.addAll(positions);
    try {
      Connection c = open();
      c.setSoTimeout((int) (waitMs + timeout.toMillis()));
      c.sendCommand(Command.XREAD, line.toArray(new String[0]));
      return c.getOne();
    } catch (JedisException e) {
      drop();
      if (closed) {
        return null;
      }
      throw RedisErrors.translate(e, "XREAD " + keys.get(0));
    }
  }

  private Connection open() {
    Connection c = connection;
    if (c == null) {
      c = link.connection(slotKey);
      connection = c;
      if (closed) {
        c.setBroken();
        throw new JedisException("reader is closed");
      }
    }
    return c;
  }

  private void drop() {
    Connection c = connection;
    connection = null;
    if (c != null) {
      c.setBroken();
      try {
        c.close();
        link.refresh();
      } catch (JedisException e) {
        LOG.debug("connection not closed", e);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    Connection c = connection;
    if (c != null) {
      try {
        c.forceDisconnect();
      } catch (IOException | JedisException e) {
        LOG.debug("connection not closed", e);
      }
    }
    link.close();
  }
}
