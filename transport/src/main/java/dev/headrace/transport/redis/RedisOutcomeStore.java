package dev.headrace.transport.redis;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import java.util.ArrayList;
import java.util.HashMap;
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
 * script call stores many outcomes of a client and announces them in one entry of its stream.
 */
final class RedisOutcomeStore implements OutcomeStore {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOutcomeStore.class);
  private static final Script AMEND = Script.load("amend");
  private static final Script DELIVER = Script.load("deliver");
  private static final Script DISCARD = Script.load("discard");
  private static final Script PUBLISHED = Script.load("published");
  private static final byte[] NOT_IN_KAFKA = {OutcomeCodec.STORED};
  private static final byte[] IN_KAFKA = {OutcomeCodec.PUBLISHED};

  /** Keys of one client, and so of one slot, in one call (chosen: well below a millisecond). */
  private static final int MARKED_AT_ONCE = 128;

  /** Outcomes of one client in one call (chosen: below a millisecond when they are small). */
  private static final int DELIVERED_AT_ONCE = 64;

  /** Bytes of outcomes in one call, after which the next one begins (chosen). */
  private static final int DELIVERED_BYTES = 1 << 20;

  private final RedisLink link;
  private final RedisConfig config;

  RedisOutcomeStore(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  /** Outcomes of one client that go in one call, by their places in the caller's list. */
  private static final class Parcel {
    final List<Integer> places = new ArrayList<>();
    final List<String> keys = new ArrayList<>();
    final List<Object> arguments = new ArrayList<>();
    int bytes;

    boolean full() {
      return places.size() == DELIVERED_AT_ONCE || bytes >= DELIVERED_BYTES;
    }
  }

  @Override
  public List<Delivered> deliver(List<Outcome> outcomes) {
    List<byte[]> encoded = new ArrayList<>(outcomes.size());
    outcomes.forEach(o -> encoded.add(OutcomeCodec.toStored(o)));
    List<Parcel> parcels = parcels(outcomes, encoded);
    List<Call> calls = new ArrayList<>(parcels.size());
    parcels.forEach(p -> calls.add(new Call(null, DELIVER, p.keys, p.arguments)));
    List<Reply> replies = link.run(calls);
    Delivered[] delivered = new Delivered[outcomes.size()];
    for (int i = 0; i < parcels.size(); i++) {
      Object reply = replies.get(i).orThrow();
      List<Integer> places = parcels.get(i).places;
      List<?> standing = Reply.list(reply);
      for (int k = 0; k < places.size(); k++) {
        int place = places.get(k);
        Object stored = standing.isEmpty() ? null : standing.get(k);
        delivered[place] = delivered(outcomes.get(place), encoded.get(place), stored);
      }
    }
    return List.of(delivered);
  }

  private List<Parcel> parcels(List<Outcome> outcomes, List<byte[]> encoded) {
    List<Parcel> all = new ArrayList<>();
    Map<String, Parcel> open = new HashMap<>();
    for (int i = 0; i < outcomes.size(); i++) {
      Address address = outcomes.get(i).address();
      Parcel parcel = open.get(address.client());
      if (parcel == null || parcel.full()) {
        parcel = new Parcel();
        parcel.keys.add(RedisKeys.replies(address.client()));
        parcel.arguments.add(config.resultTtl().toMillis());
        parcel.arguments.add(config.replyMaxLength());
        parcel.arguments.add(config.replyTtl().toMillis());
        open.put(address.client(), parcel);
        all.add(parcel);
      }
      parcel.places.add(i);
      parcel.keys.add(key(address));
      parcel.arguments.add(encoded.get(i));
      parcel.arguments.add(address.streamed() ? address.id() : "");
      parcel.bytes += encoded.get(i).length;
    }
    return all;
  }

  private Delivered delivered(Outcome outcome, byte[] encoded, @Nullable Object standing) {
    if (!(standing instanceof byte[] stored)) {
      return new Delivered(true, outcome, false);
    }
    boolean published = OutcomeCodec.isPublished(stored);
    if (OutcomeCodec.sameOutcome(stored, encoded)) {
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
    Parcel parcel = parcels(List.of(outcome), List.of(encoded)).get(0);
    Object reply = link.run(new Call(null, DELIVER, parcel.keys, parcel.arguments)).orThrow();
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
    return new Delivered(OutcomeCodec.sameOutcome(stored, encoded), standing, false);
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
