package dev.headrace.transport.redis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Heartbeats of one kind as hashes that expire, and a list of the ids of those who sent them. The
 * hash's own time to live decides whether a sender lives: it runs by one clock, the server's.
 *
 * @param <T> what a heartbeat says
 */
class RedisHeartbeats<T> implements HeartbeatRegistry<T> {
  private static final Logger LOG = LoggerFactory.getLogger(RedisHeartbeats.class);
  private static final Script HEARTBEAT = Script.load("heartbeat");
  private static final Script ENLIST = Script.load("enlist");

  private final RedisLink link;
  private final RedisConfig config;
  private final Kind<T> kind;

  /** Whose heartbeat was garbage at the last reading: told once, and not at every reading. */
  private volatile Set<String> garbage = Set.of();

  /**
   * A kind of heartbeat.
   *
   * @param index key of the list of ids
   * @param key of the heartbeat of an id
   * @param decode reads the fields; empty when they are garbage
   */
  record Kind<T>(
      String index,
      UnaryOperator<String> key,
      Function<T, String> id,
      Function<T, Map<String, String>> encode,
      Function<Map<String, String>, Optional<T>> decode) {}

  RedisHeartbeats(RedisLink link, RedisConfig config, Kind<T> kind) {
    this.link = link;
    this.config = config;
    this.kind = kind;
  }

  @Override
  public void publish(T report) {
    send(report, "");
  }

  /**
   * Sends a heartbeat.
   *
   * @param instance whose other heartbeats alone it may replace; empty for whosever
   * @return what the script says
   */
  final @Nullable Object send(T report, String instance) {
    String id = kind.id().apply(report);
    long ttl = config.heartbeatTtl().toMillis();
    List<String> fields = new ArrayList<>(List.of(instance));
    kind.encode().apply(report).forEach((k, v) -> fields.addAll(List.of(k, v)));
    List<Reply> replies =
        link.run(
            List.of(
                Call.ofAll(HEARTBEAT, List.of(kind.key().apply(id)), ttl, fields),
                Call.of(ENLIST, List.of(kind.index()), id, ttl)));
    replies.forEach(Reply::orThrow);
    return replies.get(0).value();
  }

  @Override
  public void remove(String id) {
    link.run(
            List.of(
                Call.of(Command.DEL, kind.key().apply(id)),
                Call.of(Command.ZREM, kind.index(), id)))
        .forEach(Reply::orThrow);
  }

  @Override
  public List<T> list() {
    List<String> ids =
        Reply.list(link.run(Call.of(Command.ZRANGE, kind.index(), 0, -1)).orThrow()).stream()
            .map(Reply::text)
            .toList();
    List<Reply> replies =
        link.run(ids.stream().map(i -> Call.of(Command.HGETALL, kind.key().apply(i))).toList());
    List<T> reports = new ArrayList<>(ids.size());
    Set<String> bad = new HashSet<>();
    for (int i = 0; i < ids.size(); i++) {
      String id = ids.get(i);
      Reply reply = replies.get(i);
      if (reply.error() == null && Reply.list(reply.value()).isEmpty()) {
        continue; // silent for longer than the time to live
      }
      report(reply).ifPresentOrElse(reports::add, () -> bad.add(id));
    }
    Set<String> known = garbage;
    bad.stream()
        .filter(id -> !known.contains(id))
        .forEach(id -> LOG.warn("heartbeat not decoded key={}", kind.key().apply(id)));
    garbage = bad;
    return reports;
  }

  private Optional<T> report(Reply reply) {
    List<?> fields = Reply.list(reply.value());
    Map<String, String> hash = new HashMap<>();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      hash.put(Reply.text(fields.get(i)), Reply.text(fields.get(i + 1)));
    }
    return kind.decode().apply(hash);
  }
}
