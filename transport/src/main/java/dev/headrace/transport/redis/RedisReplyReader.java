package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Reads a stream with {@code XREAD BLOCK} on a connection of its own. The position is that of the
 * last entry that was returned, so after a lost connection nothing is missed that the stream still
 * has. Owned by one thread; {@link #close} may come from another and ends a wait.
 */
final class RedisReplyReader implements ReplyReader {
  private static final Logger LOG = LoggerFactory.getLogger(RedisReplyReader.class);

  /** Entries in one answer, of up to 64 ids each (chosen). */
  private static final int COUNT = 100;

  private static final byte[] ID = {'i', 'd'};

  private final RedisLink link;
  private final String key;
  private final Duration timeout;
  private String position;
  private volatile @Nullable Connection connection;
  private volatile boolean closed;

  /**
   * Reads behind a position.
   *
   * @param link used by this reader alone, closed with it
   * @param fromId id of a stream entry, or 0 for all
   */
  RedisReplyReader(RedisLink link, String client, String fromId, Duration timeout) {
    this.link = link;
    this.key = RedisKeys.replies(client);
    this.position = fromId;
    this.timeout = timeout;
  }

  @Override
  public List<String> read(Duration wait) {
    try {
      Connection c = open();
      int waitMs = (int) Math.max(1, Math.min(wait.toMillis(), Integer.MAX_VALUE / 2));
      c.setSoTimeout((int) (waitMs + timeout.toMillis()));
      c.sendCommand(
          Command.XREAD,
          "COUNT",
          Integer.toString(COUNT),
          "BLOCK",
          Integer.toString(waitMs),
          "STREAMS",
          key,
          position);
      return ids(c.getOne());
    } catch (JedisException e) {
      drop();
      if (closed) {
        return List.of();
      }
      throw RedisErrors.translate(e, "XREAD " + key);
    }
  }

  private Connection open() {
    Connection c = connection;
    if (c == null) {
      c = link.connection(key);
      connection = c;
      if (closed) {
        c.setBroken();
        throw new JedisException("reader is closed");
      }
    }
    return c;
  }

  private List<String> ids(@Nullable Object answer) {
    List<String> ids = new ArrayList<>();
    for (Object stream : Reply.list(answer)) {
      for (Object entry : Reply.list(Reply.list(stream).get(1))) {
        List<?> idAndFields = Reply.list(entry);
        position = Reply.text(idAndFields.get(0));
        if (!addIds(Reply.list(idAndFields.get(1)), ids)) {
          LOG.warn("reply without id skipped stream={} entry={}", key, position);
        }
      }
    }
    return ids;
  }

  /** Adds the ids that an entry announces; returns whether there was one. */
  private static boolean addIds(List<?> fields, List<String> ids) {
    int before = ids.size();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      if (Arrays.equals(Reply.bytes(fields.get(i)), ID)) {
        ids.add(Reply.text(fields.get(i + 1)));
      }
    }
    return ids.size() > before;
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
