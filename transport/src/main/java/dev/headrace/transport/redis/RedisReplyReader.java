package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a client's reply stream. The position is that of the last entry that was returned, so after
 * a lost connection nothing is missed that the stream still has. Threads as in {@link
 * StreamConnection}.
 */
final class RedisReplyReader implements ReplyReader {
  private static final Logger LOG = LoggerFactory.getLogger(RedisReplyReader.class);

  /** Entries in one answer, of up to 64 ids each (chosen). */
  private static final int COUNT = 100;

  private static final byte[] ID = {'i', 'd'};

  private final String key;
  private final StreamConnection connection;
  private String position;

  /**
   * Reads behind a position.
   *
   * @param link used by this reader alone, closed with it
   * @param fromId id of a stream entry, or 0 for all
   */
  RedisReplyReader(RedisLink link, String client, String fromId, Duration timeout) {
    this.key = RedisKeys.replies(client);
    this.connection = new StreamConnection(link, key, timeout);
    this.position = fromId;
  }

  @Override
  public List<String> read(Duration wait) {
    return ids(connection.read(COUNT, wait, List.of(key), List.of(position)));
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

  @Override
  public void close() {
    connection.close();
  }
}
