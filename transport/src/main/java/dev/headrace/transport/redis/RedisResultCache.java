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
  private static final Script DISCARD = Script.load("discard");

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
    List<byte @Nullable []> cached = link.values(cacheKeys(questions));
    List<Call> calls = new ArrayList<>(questions.size());
    for (Question q : questions) {
      calls.add(
          Call.of(
              Command.SET, RedisKeys.inflight(q.cacheKey()), q.token(), "NX", "PX", leaseMs(q)));
    }
    List<Reply> replies = link.run(calls);
    List<Place> places = new ArrayList<>(questions.size());
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      boolean leads = replies.get(i).error() == null && replies.get(i).value() != null;
      places.add(new Place.Lead());
      if (cached.get(i) != null || !leads) {
        others.add(i);
      }
    }
    if (!others.isEmpty()) {
      List<Place> given = ask(others.stream().map(questions::get).toList());
      for (int i = 0; i < given.size(); i++) {
        places.set(others.get(i), given.get(i));
      }
    }
    return places;
  }

  private static List<String> cacheKeys(List<Question> questions) {
    List<String> keys = new ArrayList<>(questions.size());
    questions.forEach(q -> keys.add(RedisKeys.cache(q.cacheKey())));
    return keys;
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
    List<Reply> replies = link.run(List.of(Call.of(DISCARD, List.of(key), cached), resolveCall(q)));
    return place(q, replies.get(1), false);
  }

  @Override
  public List<Optional<Outcome>> lookup(List<String> cacheKeys) {
    List<String> keys = new ArrayList<>(cacheKeys.size());
    cacheKeys.forEach(k -> keys.add(RedisKeys.cache(k)));
    List<byte @Nullable []> values = link.values(keys);
    List<Optional<Outcome>> found = new ArrayList<>(cacheKeys.size());
    for (int i = 0; i < cacheKeys.size(); i++) {
      byte[] value = values.get(i);
      found.add(value == null ? Optional.empty() : decode(cacheKeys.get(i), value));
    }
    return found;
  }

  @Override
  public List<Outcome> settle(String cacheKey, String leader, @Nullable Outcome result) {
    return settleAll(List.of(new Settlement(cacheKey, leader, result))).get(0);
  }

  @Override
  public List<List<Outcome>> settleAll(List<Settlement> settlements) {
    List<Call> calls = new ArrayList<>(2 * settlements.size());
    int[] answers = new int[settlements.size()];
    for (int i = 0; i < answers.length; i++) {
      addSettleCalls(settlements.get(i), calls);
      answers[i] = calls.size() - 1;
    }
    List<Reply> replies = link.run(calls);
    List<List<Outcome>> released = new ArrayList<>(settlements.size());
    List<Integer> followed = new ArrayList<>();
    for (int i = 0; i < answers.length; i++) {
      Reply reply = replies.get(answers[i]);
      Settlement settlement = settlements.get(i);
      released.add(
          calls.get(answers[i]).script() == null ? List.of() : released(settlement, reply));
      if (calls.get(answers[i]).script() == null && mayBeFollowed(settlement, reply)) {
        followed.add(i);
      }
    }
    release(settlements, followed, released);
    return released;
  }

  /**
   * A result that is kept needs no script: once it is in the cache nobody begins to follow. Whether
   * somebody did stands in the value of the leader, which is the answer of the last call; for all
   * others the script's answer is what the followers wait for.
   */
  private void addSettleCalls(Settlement s, List<Call> calls) {
    List<String> keys = keys(s.cacheKey());
    Outcome result = s.result();
    byte[] encoded = result == null ? new byte[0] : OutcomeCodec.toStored(result);
    if (result == null || encoded.length > config.cacheMaxEntryBytes()) {
      calls.add(settleCall(s, result == null ? "failed" : "pass"));
      return;
    }
    calls.add(Call.of(Command.SET, keys.get(0), encoded, "PX", config.cacheTtl().toMillis()));
    calls.add(Call.of(Command.GETDEL, keys.get(1)));
  }

  private Call settleCall(Settlement s, String how) {
    List<String> keys = keys(s.cacheKey()).subList(1, 3);
    return Call.of(SETTLE, keys, s.leader(), how, config.followerTtl().toMillis());
  }

  /** A leader whose lease ran out cannot know. */
  private static boolean mayBeFollowed(Settlement s, Reply leader) {
    return leader.error() != null || !Reply.text(leader.value()).equals(s.leader());
  }

  private void release(
      List<Settlement> settlements, List<Integer> followed, List<List<Outcome>> released) {
    if (followed.isEmpty()) {
      return;
    }
    List<Reply> replies =
        link.run(followed.stream().map(i -> settleCall(settlements.get(i), "pass")).toList());
    for (int i = 0; i < replies.size(); i++) {
      int place = followed.get(i);
      released.set(place, released(settlements.get(place), replies.get(i)));
    }
  }

  private static List<Outcome> released(Settlement settlement, Reply reply) {
    String cacheKey = settlement.cacheKey();
    if (reply.error() != null) {
      // The followers come back by themselves; the result is not worth more.
      LOG.warn("leadership not ended key={} cause={}", cacheKey, reply.error().getMessage());
      return List.of();
    }
    List<Outcome> released = new ArrayList<>();
    for (Object waiting : Reply.list(reply.value())) {
      decode(cacheKey, Reply.bytes(waiting))
          // It leads since the one that it followed gave up.
          .filter(follower -> !ResultCache.tokenOf(follower).equals(settlement.leader()))
          .ifPresent(released::add);
    }
    return released;
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
