package dev.headrace.transport.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.redis.OutcomeStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Outcomes in maps; they pass through the codec, as on their way to Redis. */
public final class InMemoryOutcomeStore implements OutcomeStore {
  private static final class Entry {
    final byte[] stored;
    boolean published;

    Entry(byte[] stored) {
      this.stored = stored;
    }
  }

  private final Outage outage;
  private final Map<String, Entry> results = new LinkedHashMap<>();
  private final Map<String, byte[]> blobs = new HashMap<>();
  private final Map<String, List<String>> replies = new HashMap<>();

  public InMemoryOutcomeStore() {
    this(new Outage());
  }

  public InMemoryOutcomeStore(Outage outage) {
    this.outage = outage;
  }

  /** The switch that takes this store down. */
  public Outage outage() {
    return outage;
  }

  @Override
  public synchronized List<Delivered> deliver(List<Outcome> outcomes) {
    return outage.run(() -> outcomes.stream().map(this::deliver).toList());
  }

  private Delivered deliver(Outcome outcome) {
    Address address = outcome.address();
    String key = key(address);
    Entry standing = results.get(key);
    announce(address);
    if (standing != null) {
      boolean same = Arrays.equals(standing.stored, OutcomeCodec.toStored(outcome));
      return delivered(standing, same);
    }
    results.put(key, new Entry(OutcomeCodec.toStored(outcome)));
    return new Delivered(true, outcome, false);
  }

  private void announce(Address address) {
    if (address.streamed()) {
      replies.computeIfAbsent(address.client(), c -> new ArrayList<>()).add(address.id());
    }
  }

  @Override
  public synchronized void announce(List<Address> addresses) {
    outage.run(() -> addresses.forEach(this::announce));
  }

  private static Delivered delivered(Entry entry, boolean first) {
    return new Delivered(first, OutcomeCodec.fromStored(entry.stored), entry.published);
  }

  @Override
  public synchronized boolean amend(Outcome standing, Outcome more) {
    return outage.run(
        () -> {
          Entry there = results.get(key(standing.address()));
          byte[] wanted = OutcomeCodec.toStored(more);
          if (there == null || there.published) {
            return false;
          }
          if (Arrays.equals(there.stored, OutcomeCodec.toStored(standing))) {
            results.put(key(standing.address()), new Entry(wanted));
            return true;
          }
          return Arrays.equals(there.stored, wanted);
        });
  }

  @Override
  public synchronized void markPublished(List<Address> addresses) {
    outage.run(
        () ->
            addresses.forEach(
                a -> {
                  Entry entry = results.get(key(a));
                  if (entry != null) {
                    entry.published = true;
                  }
                }));
  }

  @Override
  public synchronized List<Optional<Delivered>> find(List<Address> addresses) {
    return outage.run(
        () ->
            addresses.stream()
                .map(a -> Optional.ofNullable(results.get(key(a))))
                .map(e -> e.map(x -> delivered(x, false)))
                .toList());
  }

  @Override
  public synchronized void putBlob(Address address, byte[] body) {
    outage.run(
        () -> {
          blobs.put(RedisKeys.blob(address.client(), address.id()), body.clone());
        });
  }

  @Override
  public synchronized Optional<byte[]> blob(String key) {
    return outage.run(
        () -> {
          Entry result = results.get(key);
          return result == null
              ? Optional.ofNullable(blobs.get(key))
              : Optional.of(OutcomeCodec.fromStored(result.stored).body());
        });
  }

  /** All outcomes that stand, oldest first. */
  public synchronized List<Outcome> outcomes() {
    return results.values().stream().map(e -> OutcomeCodec.fromStored(e.stored)).toList();
  }

  /** The outcome of a request, or null. */
  public synchronized @Nullable Outcome outcome(String client, String id) {
    Entry entry = results.get(RedisKeys.result(client, id));
    return entry == null ? null : OutcomeCodec.fromStored(entry.stored);
  }

  /** Whether Kafka has the outcome, as far as this store was told. */
  public synchronized boolean published(String client, String id) {
    Entry entry = results.get(RedisKeys.result(client, id));
    return entry != null && entry.published;
  }

  /** The ids announced on a client's reply stream. */
  public synchronized List<String> replies(String client) {
    return List.copyOf(replies.getOrDefault(client, List.of()));
  }

  /** Forgets an outcome that was announced, as a Redis that makes room by its policy. */
  public synchronized void evict(String client, String id) {
    results.remove(RedisKeys.result(client, id));
  }

  /** Forgets everything, as a Redis that lost its data. */
  public synchronized void clear() {
    results.clear();
    blobs.clear();
    replies.clear();
  }

  private static String key(Address address) {
    return RedisKeys.result(address.client(), address.id());
  }
}
