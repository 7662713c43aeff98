package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import redis.clients.jedis.Protocol.Command;

/** Pieces as entries of a stream with the fields {@code epoch}, {@code offset}, {@code chunk}. */
final class RedisChunkStore implements ChunkStore {
  private final RedisLink link;
  private final RedisConfig config;

  RedisChunkStore(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  @Override
  public void append(List<Piece> pieces) {
    List<Call> calls = new ArrayList<>(pieces.size() + 1);
    Set<String> keys = new LinkedHashSet<>();
    for (Piece piece : pieces) {
      String key = RedisKeys.chunks(piece.client(), piece.id());
      keys.add(key);
      calls.add(
          Call.of(
              Command.XADD,
              key,
              "MAXLEN",
              "~",
              config.chunkMaxLength(),
              "*",
              "epoch",
              piece.epoch(),
              "offset",
              piece.offset(),
              "chunk",
              piece.chunk()));
    }
    for (String key : keys) {
      calls.add(Call.of(Command.PEXPIRE, key, config.chunkTtl().toMillis()));
    }
    link.run(calls).forEach(Reply::orThrow);
  }
}
