package dev.headrace.transport.redis;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/** Outcomes as hashes: field {@code o} the outcome, field {@code p} "1" when Kafka has it. */
final class RedisOutcomeStore implements OutcomeStore {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOutcomeStore.class);
  private static final Script DELIVER = Script.load("deliver");
  private static final Script DISCARD = Script.load("discard");
  private static final Script PUBLISHED = Script.load("published");

  /** Keys of one client, and so of one slot, in one call (chosen: well below a millisecond). */
  private static final int MARKED_AT_ONCE = 128;

  private static final String OUTCOME = "o";
  private static final String IN_KAFKA = "p";

  private final RedisLink link;
  private final RedisConfig config;

  RedisOutcomeStore(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  @Override
  public List<Delivered> deliver(List<Outcome> outcomes) {
    List<byte[]> encoded = outcomes.stream().map(OutcomeCodec::toStored).toList();
    List<Call> calls = new ArrayList<>(outcomes.size());
    for (int i = 0; i < outcomes.size(); i++) {
      calls.add(deliverCall(outcomes.get(i).address(), encoded.get(i)));
    }
    List<Reply> replies = link.run(calls);
    List<Delivered> delivered = new ArrayList<>(outcomes.size());
    for (int i = 0; i < outcomes.size(); i++) {
      Object reply = replies.get(i).orThrow();
      delivered.add(delivered(outcomes.get(i), encoded.get(i), reply));
    }
    return delivered;
  }

  private Call deliverCall(Address address, byte[] encoded) {
    return Call.of(
        DELIVER,
        List.of(key(address), RedisKeys.replies(address.client())),
        encoded,
        config.resultTtl().toMillis(),
        address.streamed() ? address.id() : "",
        config.replyMaxLength(),
        config.replyTtl().toMillis());
  }

  private Delivered delivered(Outcome outcome, byte[] encoded, @Nullable Object reply) {
    if (reply == null) {
      return new Delivered(true, outcome, false);
    }
    List<?> standing = Reply.list(reply);
    byte[] stored = Reply.bytes(standing.get(0));
    boolean published = !Reply.text(standing.get(1)).isEmpty();
    if (Arrays.equals(stored, encoded)) {
      // The very same: the answer to an earlier delivery was lost.
      return new Delivered(true, outcome, published);
    }
    return decode(outcome.address(), stored)
        .map(o -> new Delivered(false, o, published))
        .orElseGet(() -> replaceGarbage(outcome, encoded, stored));
  }

  /** What cannot be read is no outcome; it must not keep the request from having one. */
  private Delivered replaceGarbage(Outcome outcome, byte[] encoded, byte[] garbage) {
    link.run(Call.of(DISCARD, List.of(key(outcome.address())), garbage)).orThrow();
    Object reply = link.run(deliverCall(outcome.address(), encoded)).orThrow();
    if (reply == null) {
      return new Delivered(true, outcome, false);
    }
    byte[] stored = Reply.bytes(Reply.list(reply).get(0));
    Outcome standing =
        decode(outcome.address(), stored)
            .orElseThrow(
                () ->
                    new FailureException(
                        ErrorCode.INTERNAL_ERROR,
                        key(outcome.address()) + ": garbage again (expected: an outcome)"));
    return new Delivered(Arrays.equals(stored, encoded), standing, false);
  }

  @Override
  public void markPublished(List<Address> addresses) {
    Map<String, List<String>> byClient = new LinkedHashMap<>();
    for (Address address : addresses) {
      byClient.computeIfAbsent(address.client(), c -> new ArrayList<>()).add(key(address));
    }
    List<Call> calls = new ArrayList<>();
    for (List<String> keys : byClient.values()) {
      for (int i = 0; i < keys.size(); i += MARKED_AT_ONCE) {
        calls.add(Call.of(PUBLISHED, keys.subList(i, Math.min(keys.size(), i + MARKED_AT_ONCE))));
      }
    }
    for (Reply reply : link.run(calls)) {
      if (reply.error() != null) {
        LOG.warn("outcome not marked as published cause={}", reply.error().getMessage());
      }
    }
  }

  @Override
  public List<Optional<Delivered>> find(List<Address> addresses) {
    List<Call> calls =
        addresses.stream().map(a -> Call.of(Command.HMGET, key(a), OUTCOME, IN_KAFKA)).toList();
    List<Reply> replies = link.run(calls);
    List<Optional<Delivered>> found = new ArrayList<>(addresses.size());
    for (int i = 0; i < addresses.size(); i++) {
      found.add(found(addresses.get(i), replies.get(i)));
    }
    return found;
  }

  private static Optional<Delivered> found(Address address, Reply reply) {
    if (reply.error() != null) {
      LOG.warn("outcome not read cause={}", reply.error().getMessage());
      return Optional.empty();
    }
    List<?> fields = Reply.list(reply.value());
    if (fields.get(0) == null) {
      return Optional.empty();
    }
    boolean published = !Reply.text(fields.get(1)).isEmpty();
    return decode(address, Reply.bytes(fields.get(0))).map(o -> new Delivered(false, o, published));
  }

  private static Optional<Outcome> decode(Address address, byte[] stored) {
    try {
      return Optional.of(OutcomeCodec.fromStored(stored));
    } catch (FailureException e) {
      LOG.warn("outcome not decoded key={} cause={}", key(address), e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public void putBlob(Address address, byte[] body) {
    String key = RedisKeys.blob(address.client(), address.id());
    link.run(Call.of(Command.SET, key, body, "PX", config.resultTtl().toMillis())).orThrow();
  }

  @Override
  public Optional<byte[]> blob(String key) {
    boolean result = RedisKeys.isResult(key);
    Call call = result ? Call.of(Command.HGET, key, OUTCOME) : Call.of(Command.GET, key);
    Reply reply = link.run(call);
    if (reply.error() != null) {
      LOG.warn("body not read cause={}", reply.error().getMessage());
      return Optional.empty();
    }
    if (reply.value() == null) {
      return Optional.empty();
    }
    byte[] value = Reply.bytes(reply.value());
    return result ? bodyOf(key, value) : Optional.of(value);
  }

  private static Optional<byte[]> bodyOf(String key, byte[] stored) {
    try {
      return Optional.of(OutcomeCodec.fromStored(stored).body());
    } catch (FailureException e) {
      LOG.warn("outcome not decoded key={} cause={}", key, e.getMessage());
      return Optional.empty();
    }
  }

  private static String key(Address address) {
    return RedisKeys.result(address.client(), address.id());
  }
}
