package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Reads several streams with one {@code XREAD BLOCK}; all keys of a client are in one slot. Owned
 * by one thread; {@link #close} may come from another and ends a wait.
 */
final class RedisChunkReader implements ChunkReader {
  private static final Logger LOG = LoggerFactory.getLogger(RedisChunkReader.class);

  /** Entries of each stream in one answer (chosen). */
  private static final int COUNT = 256;

  private final RedisLink link;
  private final String client;
  private final Duration timeout;
  private volatile @Nullable Connection connection;
  private volatile boolean closed;

  RedisChunkReader(RedisLink link, String client, Duration timeout) {
    this.link = link;
    this.client = client;
    this.timeout = timeout;
  }

  @Override
  public List<Piece> read(Map<String, String> positions, Duration wait) {
    Map<String, String> ids = new HashMap<>();
    List<String> line = new ArrayList<>();
    int waitMs = (int) Math.max(1, Math.min(wait.toMillis(), Integer.MAX_VALUE / 2));
    line.addAll(List.of("COUNT", Integer.toString(COUNT), "BLOCK", Integer.toString(waitMs)));
    line.add("STREAMS");
    for (String id : positions.keySet()) {
      String key = RedisKeys.chunks(client, id);
      ids.put(key, id);
      line.add(key);
    }
    line.addAll(positions.values());
    try {
      Connection c = open();
      c.setSoTimeout((int) (waitMs + timeout.toMillis()));
      c.sendCommand(Command.XREAD, line.toArray(new String[0]));
      return pieces(c.getOne(), ids);
    } catch (JedisException e) {
      drop();
      if (closed) {
        return List.of();
      }
      throw RedisErrors.translate(e, "XREAD of chunks");
    }
  }

  private Connection open() {
    Connection c = connection;
    if (c == null) {
      c = link.connection(RedisKeys.replies(client));
      connection = c;
      if (closed) {
        c.setBroken();
        throw new JedisException("reader is closed");
      }
    }
    return c;
  }

  private static List<Piece> pieces(@Nullable Object answer, Map<String, String> ids) {
    List<Piece> pieces = new ArrayList<>();
    for (Object stream : Reply.list(answer)) {
      String id = ids.get(Reply.text(Reply.list(stream).get(0)));
      for (Object entry : Reply.list(Reply.list(stream).get(1))) {
        List<?> idAndFields = Reply.list(entry);
        if (id != null) {
          pieces.add(piece(id, Reply.text(idAndFields.get(0)), Reply.list(idAndFields.get(1))));
        }
      }
    }
    return pieces;
  }

  private static Piece piece(String id, String position, List<?> fields) {
    Map<String, Object> values = new HashMap<>();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      values.put(Reply.text(fields.get(i)), fields.get(i + 1));
    }
    String offset = Reply.text(values.get("offset"));
    return new Piece(
        id,
        position,
        Reply.text(values.get("epoch")),
        offset.matches("\\d{1,9}") ? Integer.parseInt(offset) : 0,
        Reply.bytes(values.get("chunk")));
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
