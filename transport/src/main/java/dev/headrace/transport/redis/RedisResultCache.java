package dev.headrace.transport.redis;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
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
   * Asks first without saying what each would wait for: most lead, and writing that down is half of
   * the work of asking (measured). Those who are to follow ask again with it, and may find that
   * their turn has come meanwhile.
   */
  @Override
  public List<Place> resolve(List<Question> questions) {
    List<Place> places = ask(questions, q -> new byte[0]);
    List<Integer> following = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      if (places.get(i) instanceof Place.Follow) {
        following.add(i);
      }
    }
    List<Place> again =
        ask(
            following.stream().map(questions::get).toList(),
            q -> OutcomeCodec.toStored(q.waiting()));
    for (int i = 0; i < again.size(); i++) {
      places.set(following.get(i), again.get(i));
    }
    return places;
  }

  private List<Place> ask(List<Question> questions, Function<Question, byte[]> waiting) {
    List<Reply> replies =
        link.run(questions.stream().map(q -> resolveCall(q, waiting.apply(q))).toList());
    List<Place> places = new ArrayList<>(questions.size());
    for (int i = 0; i < questions.size(); i++) {
      places.add(place(questions.get(i), replies.get(i), true));
    }
    return places;
  }

  private Call resolveCall(Question q, byte[] waiting) {
    return Call.of(
        RESOLVE,
        keys(q.cacheKey()),
        q.token(),
        Math.max(1, q.lease().toMillis()),
        q.mayFollow() ? "1" : "0",
        waiting,
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
    List<Reply> replies =
        link.run(
            List.of(
                Call.of(UNCACHE, List.of(key), cached),
                resolveCall(q, OutcomeCodec.toStored(q.waiting()))));
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
    List<Reply> replies = link.run(settlements.stream().map(this::settleCall).toList());
    List<List<Outcome>> released = new ArrayList<>(settlements.size());
    for (int i = 0; i < settlements.size(); i++) {
      released.add(released(settlements.get(i).cacheKey(), replies.get(i)));
    }
    return released;
  }

  private Call settleCall(Settlement s) {
    Outcome result = s.result();
    byte[] encoded = result == null ? new byte[0] : OutcomeCodec.toStored(result);
    boolean keep = encoded.length <= config.cacheMaxEntryBytes();
    String mode = result == null ? "failed" : keep ? "keep" : "pass";
    return Call.of(
        SETTLE,
        keys(s.cacheKey()),
        s.leader(),
        mode,
        keep ? encoded : new byte[0],
        config.cacheTtl().toMillis());
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
