package dev.headrace.transport.redis;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * What is cached is a {@linkplain ResultPointer pointer} to the result that was delivered: it is in
 * Redis already, and writing and keeping it twice would be the larger part of all that Redis does
 * for a request. Until there is one, the same key says who leads; so one command takes the lead if
 * there is neither a result nor a leader, and one more puts the result in the leader's place and
 * tells whether anybody follows. The followers are a hash.
 */
final class RedisResultCache implements ResultCache {
  private static final Logger LOG = LoggerFactory.getLogger(RedisResultCache.class);
  private static final Script RESOLVE = Script.load("resolve");
  private static final Script SETTLE = Script.load("settle");
  private static final Script DISCARD = Script.load("discard");

  /** Before the token of a leader whom nobody follows; the scripts know the other marks. */
  private static final String LEADS = "?";

  private final RedisLink link;
  private final RedisConfig config;

  RedisResultCache(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  /**
   * Most lead, and a plain command finds that out; all others are given their place by a script.
   */
  @Override
  public List<Place> resolve(List<Question> questions) {
    List<Call> calls = new ArrayList<>(questions.size());
    for (Question q : questions) {
      String key = RedisKeys.cache(q.cacheKey());
      calls.add(Call.of(Command.SET, key, LEADS + q.token(), "NX", "PX", leaseMs(q)));
    }
    List<Reply> replies = link.run(calls);
    List<Place> places = new ArrayList<>(questions.size());
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      places.add(new Place.Lead());
      if (replies.get(i).error() != null || replies.get(i).value() == null) {
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

  private static long leaseMs(Question q) {
    return Math.max(1, q.lease().toMillis());
  }

  private List<Place> ask(List<Question> questions) {
    List<Reply> replies = link.run(questions.stream().map(this::resolveCall).toList());
    List<byte @Nullable []> pointers = new ArrayList<>(questions.size());
    for (Reply reply : replies) {
      List<?> answer = Reply.list(reply.value());
      boolean hit = !answer.isEmpty() && Reply.text(answer.get(0)).equals("H");
      pointers.add(hit ? Reply.bytes(answer.get(1)) : null);
    }
    List<Optional<Outcome>> results = results(pointers);
    List<Place> places = new ArrayList<>(questions.size());
    for (int i = 0; i < questions.size(); i++) {
      byte[] pointer = pointers.get(i);
      places.add(
          pointer == null
              ? place(questions.get(i), replies.get(i))
              : hit(questions.get(i), pointer, results.get(i)));
    }
    return places;
  }

  private static Place place(Question q, Reply reply) {
    if (reply.error() != null) {
      LOG.warn("cache left out key={} cause={}", q.cacheKey(), reply.error().getMessage());
      return new Place.Lead();
    }
    List<?> answer = Reply.list(reply.value());
    return Reply.text(answer.get(0)).equals("F")
        ? new Place.Follow(Reply.text(answer.get(1)))
        : new Place.Lead();
  }

  /** A pointer to nothing is dropped, and the question asked once more. */
  private Place hit(Question q, byte[] pointer, Optional<Outcome> result) {
    if (result.isPresent()) {
      return new Place.Hit(result.get());
    }
    List<String> key = List.of(RedisKeys.cache(q.cacheKey()));
    // One after the other: in one round trip a script that Redis forgot would run last.
    link.run(Call.of(DISCARD, key, pointer));
    Reply reply = link.run(resolveCall(q));
    boolean hitAgain = Reply.text(first(reply)).equals("H");
    return hitAgain ? new Place.Lead() : place(q, reply);
  }

  private static @Nullable Object first(Reply reply) {
    List<?> answer = Reply.list(reply.value());
    return answer.isEmpty() ? null : answer.get(0);
  }

  /** What these point to: a result that is gone, was no success or is another is none. */
  private List<Optional<Outcome>> results(List<byte @Nullable []> values) {
    List<@Nullable ResultPointer> pointers = new ArrayList<>(values.size());
    List<String> asked = new ArrayList<>(values.size());
    for (byte[] value : values) {
      ResultPointer pointer = value == null ? null : ResultPointer.parse(value);
      pointers.add(pointer);
      if (pointer != null) {
        asked.add(pointer.key());
      }
    }
    Iterator<byte @Nullable []> found = link.values(asked).iterator();
    List<Optional<Outcome>> results = new ArrayList<>(pointers.size());
    for (ResultPointer pointer : pointers) {
      byte[] stored = pointer == null ? null : found.next();
      results.add(
          pointer == null || stored == null
              ? Optional.empty()
              : decode(pointer.key(), stored).filter(pointer::means));
    }
    return results;
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

  @Override
  public List<Optional<Outcome>> lookup(List<String> cacheKeys) {
    List<String> keys = new ArrayList<>(cacheKeys.size());
    cacheKeys.forEach(k -> keys.add(RedisKeys.cache(k)));
    return results(link.values(keys));
  }

  @Override
  public List<Outcome> settle(String cacheKey, String leader, @Nullable Outcome result) {
    return settleAll(List.of(new Settlement(cacheKey, leader, result))).get(0);
  }

  @Override
  public List<List<Outcome>> settleAll(List<Settlement> settlements) {
    return settlement(settlements).over(link);
  }

  Exchange<List<List<Outcome>>> settlement(List<Settlement> settlements) {
    List<Call> calls = settlements.stream().map(this::settleCall).toList();
    return new Exchange<>(calls, replies -> released(settlements, calls, replies));
  }

  private List<List<Outcome>> released(
      List<Settlement> settlements, List<Call> calls, List<Reply> replies) {
    List<List<Outcome>> released = new ArrayList<>(settlements.size());
    List<Integer> followed = new ArrayList<>();
    for (int i = 0; i < replies.size(); i++) {
      Settlement settlement = settlements.get(i);
      boolean kept = calls.get(i).script() == null;
      released.add(kept ? List.of() : released(settlement, replies.get(i)));
      if (kept && mayBeFollowed(settlement, replies.get(i))) {
        followed.add(i);
      }
    }
    release(settlements, followed, released);
    return released;
  }

  /**
   * A result that is kept needs no script: once it is in the leader's place nobody begins to
   * follow. Whether somebody did is the answer; for all others the script's answer is what the
   * followers wait for.
   */
  private Call settleCall(Settlement s) {
    Outcome result = s.result();
    if (result == null) {
      return settleCall(s, "failed");
    }
    if (result.body().length > config.cacheMaxEntryBytes()) {
      return settleCall(s, "passed");
    }
    return Call.of(
        Command.SET,
        RedisKeys.cache(s.cacheKey()),
        ResultPointer.to(result).encode(),
        "PX",
        config.cacheTtl().toMillis(),
        "GET");
  }

  private Call settleCall(Settlement s, String how) {
    return Call.of(SETTLE, keys(s.cacheKey()), s.leader(), how, config.followerTtl().toMillis());
  }

  /** A leader whose lease ran out cannot know. */
  private static boolean mayBeFollowed(Settlement s, Reply before) {
    return before.error() != null || !Reply.text(before.value()).equals(LEADS + s.leader());
  }

  private void release(
      List<Settlement> settlements, List<Integer> followed, List<List<Outcome>> released) {
    if (followed.isEmpty()) {
      return;
    }
    List<Reply> replies =
        link.run(followed.stream().map(i -> settleCall(settlements.get(i), "kept")).toList());
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
      LOG.warn("outcome not decoded key={} cause={}", cacheKey, e.getMessage());
      return Optional.empty();
    }
  }

  private static List<String> keys(String cacheKey) {
    return List.of(RedisKeys.cache(cacheKey), RedisKeys.followers(cacheKey));
  }
}
