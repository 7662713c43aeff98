package dev.headrace.transport.redis;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Outcomes as texts, packed by {@link OutcomeCodec}; the first byte tells whether Kafka has it. One
 * entry of a client's stream announces many.
 */
final class RedisOutcomeStore implements OutcomeStore {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOutcomeStore.class);
  private static final Script AMEND = Script.load("amend");
  private static final Script DISCARD = Script.load("discard");
  private static final Script PUBLISHED = Script.load("published");
  private static final byte[] NOT_IN_KAFKA = {OutcomeCodec.STORED};
  private static final byte[] IN_KAFKA = {OutcomeCodec.PUBLISHED};

  /** Keys of one client, and so of one slot, in one call (chosen: well below a millisecond). */
  private static final int MARKED_AT_ONCE = 128;

  /** Ids in one entry of a reply stream (chosen). */
  private static final int ANNOUNCED_AT_ONCE = 64;

  private final RedisLink link;
  private final RedisConfig config;

  RedisOutcomeStore(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  /**
   * Plain commands in one round trip, no script: inside one Redis took more than twice as long for
   * each outcome (measured, see RATIONALE.md). So all are announced, also one that came second:
   * whoever stored the first may have died before it was announced, and a client passes over what
   * it has.
   */
  @Override
  public List<Delivered> deliver(List<Outcome> outcomes) {
    return delivery(outcomes).over(link);
  }

  Exchange<List<Delivered>> delivery(List<Outcome> outcomes) {
    List<byte[]> encoded = new ArrayList<>(outcomes.size());
    List<Call> calls = new ArrayList<>(outcomes.size() + 4);
    for (Outcome outcome : outcomes) {
      byte[] bytes = OutcomeCodec.toStored(outcome);
      encoded.add(bytes);
      calls.add(storeCall(outcome.address(), bytes));
    }
    calls.addAll(announcements(outcomes.stream().map(Outcome::address).toList()));
    return new Exchange<>(calls, replies -> delivered(outcomes, encoded, replies));
  }

  private List<Delivered> delivered(
      List<Outcome> outcomes, List<byte[]> encoded, List<Reply> replies) {
    List<Delivered> delivered = new ArrayList<>(outcomes.size());
    for (int i = 0; i < outcomes.size(); i++) {
      Outcome outcome = outcomes.get(i);
      delivered.add(
          replies.get(i).orThrow() != null
              ? new Delivered(true, outcome, false)
              : second(outcome, encoded.get(i)));
    }
    replies.subList(outcomes.size(), replies.size()).forEach(Reply::orThrow);
    return delivered;
  }

  /** Stores an outcome where there is none. */
  private Call storeCall(Address address, byte[] encoded) {
    return Call.of(Command.SET, key(address), encoded, "NX", "PX", config.resultTtl().toMillis());
  }

  @Override
  public void announce(List<Address> addresses) {
    link.run(announcements(addresses)).forEach(Reply::orThrow);
  }

  private List<Call> announcements(List<Address> addresses) {
    Map<String, List<String>> ids = new LinkedHashMap<>();
    for (Address address : addresses) {
      if (address.streamed()) {
        ids.computeIfAbsent(address.client(), c -> new ArrayList<>()).add(address.id());
      }
    }
    List<Call> calls = new ArrayList<>();
    ids.forEach(
        (client, all) -> {
          String stream = RedisKeys.replies(client);
          for (int i = 0; i < all.size(); i += ANNOUNCED_AT_ONCE) {
            int to = Math.min(all.size(), i + ANNOUNCED_AT_ONCE);
            calls.add(announcement(stream, all.subList(i, to)));
          }
          calls.add(Call.of(Command.PEXPIRE, stream, config.replyTtl().toMillis()));
        });
    return calls;
  }

  private Call announcement(String stream, List<String> ids) {
    List<Object> arguments = new ArrayList<>(4 + 2 * ids.size());
    arguments.addAll(List.of("MAXLEN", "~", config.replyMaxLength(), "*"));
    for (String id : ids) {
      arguments.add("id");
      arguments.add(id);
    }
    return new Call(Command.XADD, null, List.of(stream), arguments);
  }

  /** An outcome that was not stored, because there is something. */
  private Delivered second(Outcome outcome, byte[] encoded) {
    String key = key(outcome.address());
    Object there = link.run(Call.of(Command.GET, key)).orThrow();
    if (there instanceof byte[] stored) {
      boolean published = OutcomeCodec.isPublished(stored);
      if (OutcomeCodec.sameOutcome(stored, encoded)) {
        // The very same: the answer to an earlier delivery was lost.
        return new Delivered(true, outcome, published);
      }
      Optional<Outcome> standing = decode(outcome.address(), stored);
      if (standing.isPresent()) {
        return new Delivered(false, standing.get(), published);
      }
      // What cannot be read is no outcome; it must not keep the request from having one.
      link.run(Call.of(DISCARD, List.of(key), stored)).orThrow();
    }
    return storedAgain(outcome, encoded);
  }

  /** Once more, after what was there is gone. */
  private Delivered storedAgain(Outcome outcome, byte[] encoded) {
    if (link.run(storeCall(outcome.address(), encoded)).orThrow() != null) {
      return new Delivered(true, outcome, false);
    }
    return find(List.of(outcome.address()))
        .get(0)
        .orElseThrow(
            () ->
                new FailureException(
                    ErrorCode.INTERNAL_ERROR,
                    key(outcome.address()) + ": garbage again (expected: an outcome)"));
  }

  @Override
  public boolean amend(Outcome standing, Outcome more) {
    Call call =
        Call.of(
            AMEND,
            List.of(key(standing.address())),
            OutcomeCodec.toStored(standing),
            OutcomeCodec.toStored(more));
    return Long.valueOf(1).equals(link.run(call).orThrow());
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
        List<String> some = keys.subList(i, Math.min(keys.size(), i + MARKED_AT_ONCE));
        calls.add(Call.of(PUBLISHED, some, NOT_IN_KAFKA, IN_KAFKA));
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
    List<String> keys = new ArrayList<>(addresses.size());
    addresses.forEach(a -> keys.add(key(a)));
    List<byte @Nullable []> values = link.values(keys);
    List<Optional<Delivered>> found = new ArrayList<>(addresses.size());
    for (int i = 0; i < addresses.size(); i++) {
      byte[] stored = values.get(i);
      found.add(stored == null ? Optional.empty() : found(addresses.get(i), stored));
    }
    return found;
  }

  private static Optional<Delivered> found(Address address, byte[] stored) {
    return decode(address, stored)
        .map(o -> new Delivered(false, o, OutcomeCodec.isPublished(stored)));
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
    byte[] value = link.values(List.of(key)).get(0);
    if (value == null) {
      return Optional.empty();
    }
    return RedisKeys.isResult(key) ? bodyOf(key, value) : Optional.of(value);
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
