package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads several streams with one command; all keys of a client are in one slot. Threads as in
 * {@link StreamConnection}.
 */
final class RedisChunkReader implements ChunkReader {
  /** Entries of each stream in one answer (chosen). */
  private static final int COUNT = 256;

  private final String client;
  private final StreamConnection connection;

  RedisChunkReader(RedisLink link, String client, Duration timeout) {
    this.client = client;
    this.connection = new StreamConnection(link, RedisKeys.replies(client), timeout);
  }

  @Override
  public List<Piece> read(Map<String, String> positions, Duration wait) {
    Map<String, String> ids = new LinkedHashMap<>();
    positions.keySet().forEach(id -> ids.put(RedisKeys.chunks(client, id), id));
    List<String> keys = List.copyOf(ids.keySet());
    return pieces(connection.read(COUNT, wait, keys, List.copyOf(positions.values())), ids);
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

  @Override
  public void close() {
    connection.close();
  }
}
