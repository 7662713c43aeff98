package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/** Marks as lists, the marked workers as a set, the counts as one hash. */
final class RedisCrashLedger implements CrashLedger {
  private static final Logger LOG = LoggerFactory.getLogger(RedisCrashLedger.class);

  /** Names in one call (chosen: bounds what Redis takes at once). */
  private static final int NAMES = 1000;

  private static final Script BURY = Script.load("bury");

  private final RedisLink link;
  private final RedisConfig config;

  RedisCrashLedger(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  /** By plain commands in one round trip: what a crash can tear apart has not begun to run. */
  @Override
  public void started(String workerId, List<String> requests) {
    String running = RedisKeys.running(workerId);
    List<Call> calls = new ArrayList<>();
    calls.add(Call.of(Command.DEL, running));
    calls.addAll(pushes(running, requests));
    Command marked = requests.isEmpty() ? Command.SREM : Command.SADD;
    calls.add(Call.of(marked, RedisKeys.MARKED, workerId));
    link.run(calls).forEach(Reply::orThrow);
  }

  private static List<Call> pushes(String running, List<String> requests) {
    List<Call> calls = new ArrayList<>();
    for (int from = 0; from < requests.size(); from += NAMES) {
      List<String> names = requests.subList(from, Math.min(requests.size(), from + NAMES));
      calls.add(Call.of(Command.RPUSH, running, names.toArray()));
    }
    return calls;
  }

  @Override
  public int moved(String workerId, int gone, List<String> come) {
    String running = RedisKeys.running(workerId);
    List<Call> calls = new ArrayList<>();
    calls.add(Call.of(Command.SADD, RedisKeys.MARKED, workerId));
    if (gone > 0) {
      calls.add(Call.of(Command.LTRIM, running, gone, -1));
    }
    calls.addAll(pushes(running, come));
    List<Reply> replies = link.run(calls);
    replies.forEach(Reply::orThrow);
    return replies.get(replies.size() - 1).orThrow() instanceof Long count
        ? Math.toIntExact(count)
        : 0;
  }

  @Override
  public void idle(String workerId) {
    started(workerId, List.of());
  }

  @Override
  public void bury(Collection<String> workerIds) {
    List<Call> calls = new ArrayList<>();
    for (String worker : workerIds) {
      List<String> keys = List.of(RedisKeys.running(worker), RedisKeys.MARKED, RedisKeys.CRASHES);
      calls.add(Call.of(BURY, keys, worker, config.resultTtl().toMillis()));
    }
    link.run(calls).forEach(Reply::orThrow);
  }

  private List<String> markedWorkers() {
    return Reply.list(link.run(Call.of(Command.SMEMBERS, RedisKeys.MARKED)).orThrow()).stream()
        .map(Reply::text)
        .toList();
  }

  @Override
  public Set<String> marked(String exceptWorkerId) {
    List<Call> calls =
        markedWorkers().stream()
            .filter(w -> !w.equals(exceptWorkerId))
            .map(w -> Call.of(Command.LRANGE, RedisKeys.running(w), 0, -1))
            .toList();
    Set<String> requests = new HashSet<>();
    for (Reply mark : link.run(calls)) {
      Reply.list(mark.orThrow()).forEach(name -> requests.add(Reply.text(name)));
    }
    return requests;
  }

  @Override
  public List<String> dead() {
    List<String> marked = markedWorkers();
    List<Reply> alive =
        link.run(marked.stream().map(w -> Call.of(Command.EXISTS, RedisKeys.device(w))).toList());
    List<String> dead = new ArrayList<>();
    for (int i = 0; i < marked.size(); i++) {
      if (Long.valueOf(0).equals(alive.get(i).orThrow())) {
        dead.add(marked.get(i));
      }
    }
    return dead;
  }

  @Override
  public Map<String, Integer> crashes() {
    List<?> fields = Reply.list(link.run(Call.of(Command.HGETALL, RedisKeys.CRASHES)).orThrow());
    Map<String, Integer> crashes = new HashMap<>();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      String request = Reply.text(fields.get(i));
      String count = Reply.text(fields.get(i + 1));
      try {
        crashes.put(request, Integer.parseInt(count));
      } catch (NumberFormatException e) {
        LOG.warn("crash count not decoded request={} count={}", request, count);
      }
    }
    return crashes;
  }

  @Override
  public void forget(String request) {
    link.run(Call.of(Command.HDEL, RedisKeys.CRASHES, request)).orThrow();
  }
}
