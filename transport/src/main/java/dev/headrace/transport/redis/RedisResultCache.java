package dev.headrace.transport.redis;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/** Cached outcomes as strings, the leader as a string that expires, its followers as a hash. */
final class RedisResultCache implements ResultCache {
  private static final Logger LOG = LoggerFactory.getLogger(RedisResultCache.class);
  private static final Script RESOLVE = Script.load("resolve");
  private static final Script SETTLE = Script.load("settle");
  private static final Script UNCACHE = Script.load("uncache");

  private final RedisLink link;
  private final RedisConfig config;

  RedisResultCache(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  /**
   * Most lead: plain commands find that out, a quarter of the script's work (measured). They need
   * no transaction: if the result comes between them, the request runs once more, and the first
   * outcome stands. All others are given their place by the script.
   */
  @Override
  public List<Place> resolve(List<Question> questions) {
    List<Call> calls = new ArrayList<>(3 * questions.size());
    for (Question q : questions) {
      calls.add(Call.of(Command.GET, RedisKeys.cache(q.cacheKey())));
      calls.add(
          Call.of(
              Command.SET, RedisKeys.inflight(q.cacheKey()), q.token(), "NX", "PX", leaseMs(q)));
      // Whoever leads waits for nobody, whatever it did before.
      calls.add(Call.of(Command.HDEL, RedisKeys.followers(q.cacheKey()), q.token()));
    }
    List<Reply> replies = link.run(calls);
    List<Place> places = new ArrayList<>(questions.size());
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      boolean unknown = replies.get(3 * i).error() == null && replies.get(3 * i).value() == null;
      boolean leads =
          replies.get(3 * i + 1).error() == null && replies.get(3 * i + 1).value() != null;
      places.add(new Place.Lead());
      if (!(unknown && leads)) {
        others.add(i);
      }
    }
    List<Place> given = ask(others.stream().map(questions::get).toList());
    for (int i = 0; i < given.size(); i++) {
      places.set(others.get(i), given.get(i));
    }
    return places;
  }

  private static long leaseMs(Question q) {
    return Math.max(1, q.lease().toMillis());
  }

  private List<Place> ask(List<Question> questions) {
    List<Reply> replies = link.run(questions.stream().map(this::resolveCall).toList());
    List<Place> places = new ArrayList<>(questions.size());
    for (int i = 0; i < questions.size(); i++) {
      places.add(place(questions.get(i), replies.get(i), true));
    }
    return places;
  }

  private Call resolveCall(Question q) {
    return Call.of(
        RESOLVE,
        keys(q.cacheKey()),
        q.token(),
        leaseMs(q),
        q.mayFollow() ? "1" : "0",
        OutcomeCodec.toStored(q.waiting()),
        config.followerTtl().toMillis(),
        config.maxFollowers());
  }

  private Place place(Question q, Reply reply, boolean again) {
    if (reply.error() != null) {
      LOG.warn("cache left out key={} cause={}", q.cacheKey(), reply.error().getMessage());
      return new Place.Lead();
    }
    List<?> answer = Reply.list(reply.value());
    return switch (Reply.text(answer.get(0))) {
      case "H" -> hit(q, Reply.bytes(answer.get(1)), again);
      case "F" -> new Place.Follow(Reply.text(answer.get(1)));
      default -> new Place.Lead();
    };
  }

  private Place hit(Question q, byte[] cached, boolean again) {
    Optional<Outcome> outcome = decode(q.cacheKey(), cached);
    if (outcome.isPresent()) {
      return new Place.Hit(outcome.get());
    }
    if (!again) {
      return new Place.Lead();
    }
    String key = RedisKeys.cache(q.cacheKey());
    List<Reply> replies = link.run(List.of(Call.of(UNCACHE, List.of(key), cached), resolveCall(q)));
    return place(q, replies.get(1), false);
  }

  @Override
  public List<Optional<Outcome>> lookup(List<String> cacheKeys) {
    List<Reply> replies =
        link.run(cacheKeys.stream().map(k -> Call.of(Command.GET, RedisKeys.cache(k))).toList());
    List<Optional<Outcome>> found = new ArrayList<>(cacheKeys.size());
    for (int i = 0; i < cacheKeys.size(); i++) {
      Reply reply = replies.get(i);
      if (reply.error() != null) {
        LOG.warn("cache not read cause={}", reply.error().getMessage());
      }
      found.add(
          reply.value() == null
              ? Optional.empty()
              : decode(cacheKeys.get(i), Reply.bytes(reply.value())));
    }
    return found;
  }

  @Override
  public List<Outcome> settle(String cacheKey, String leader, @Nullable Outcome result) {
    return settleAll(List.of(new Settlement(cacheKey, leader, result))).get(0);
  }

  @Override
  public List<List<Outcome>> settleAll(List<Settlement> settlements) {
    List<Call> calls = new ArrayList<>(3 * settlements.size());
    List<Integer> answers = new ArrayList<>(settlements.size());
    for (Settlement s : settlements) {
      answers.add(addSettleCalls(s, calls));
    }
    List<Reply> replies = link.run(calls);
    List<List<Outcome>> released = new ArrayList<>(settlements.size());
    for (int i = 0; i < settlements.size(); i++) {
      released.add(released(settlements.get(i).cacheKey(), replies.get(answers.get(i))));
    }
    return released;
  }

  /**
   * A result that is kept needs no script: once it is in the cache nobody begins to follow, so
   * reading the followers and dropping them may be two commands.
   *
   * @return the place of the call that answers with the followers
   */
  private int addSettleCalls(Settlement s, List<Call> calls) {
    List<String> keys = keys(s.cacheKey());
    Outcome result = s.result();
    byte[] encoded = result == null ? new byte[0] : OutcomeCodec.toStored(result);
    if (result == null || encoded.length > config.cacheMaxEntryBytes()) {
      calls.add(
          Call.of(SETTLE, keys.subList(1, 3), s.leader(), result == null ? "failed" : "pass"));
      return calls.size() - 1;
    }
    calls.add(Call.of(Command.SET, keys.get(0), encoded, "PX", config.cacheTtl().toMillis()));
    calls.add(Call.of(Command.HVALS, keys.get(2)));
    calls.add(new Call(Command.DEL, null, keys.subList(1, 3), List.of()));
    return calls.size() - 2;
  }

  private static List<Outcome> released(String cacheKey, Reply reply) {
    if (reply.error() != null) {
      // The followers come back by themselves; the result is not worth more.
      LOG.warn("leadership not ended key={} cause={}", cacheKey, reply.error().getMessage());
      return List.of();
    }
    return Reply.list(reply.value()).stream()
        .flatMap(waiting -> decode(cacheKey, Reply.bytes(waiting)).stream())
        .toList();
  }

  private static Optional<Outcome> decode(String cacheKey, byte[] stored) {
    try {
      return Optional.of(OutcomeCodec.fromStored(stored));
    } catch (FailureException e) {
      LOG.warn("cached outcome not decoded key={} cause={}", cacheKey, e.getMessage());
      return Optional.empty();
    }
  }

  private static List<String> keys(String cacheKey) {
    return List.of(
        RedisKeys.cache(cacheKey), RedisKeys.inflight(cacheKey), RedisKeys.followers(cacheKey));
  }
}
