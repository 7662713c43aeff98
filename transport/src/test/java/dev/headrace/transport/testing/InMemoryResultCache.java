package dev.headrace.transport.testing;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.transport.redis.ResultCache;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Results and leases in maps; the leases run by an injected clock. */
public final class InMemoryResultCache implements ResultCache {
  private record Lease(String token, long untilNanos) {}

  private final LongSupplier nanos;
  private final Outage outage;
  private final Map<String, byte[]> results = new HashMap<>();
  private final Map<String, Lease> leases = new HashMap<>();
  private final Map<String, Map<String, Outcome>> followers = new HashMap<>();

  public InMemoryResultCache(LongSupplier nanos) {
    this(nanos, new Outage());
  }

  public InMemoryResultCache(LongSupplier nanos, Outage outage) {
    this.nanos = nanos;
    this.outage = outage;
  }

  /** The switch that takes this cache down. */
  public Outage outage() {
    return outage;
  }

  @Override
  public synchronized List<Place> resolve(List<Question> questions) {
    return outage.run(() -> questions.stream().map(this::resolve).toList());
  }

  private Place resolve(Question q) {
    String key = q.cacheKey();
    byte[] cached = results.get(key);
    if (cached != null) {
      waiting(key).remove(q.token());
      return new Place.Hit(OutcomeCodec.fromStored(cached));
    }
    String leader = leader(key);
    if (leader == null || leader.equals(q.token())) {
      waiting(key).remove(q.token());
      leases.put(key, new Lease(q.token(), nanos.getAsLong() + q.lease().toNanos()));
      return new Place.Lead();
    }
    if (!q.mayFollow()) {
      waiting(key).remove(q.token());
      return new Place.Lead();
    }
    waiting(key).put(q.token(), q.waiting());
    return new Place.Follow(leader);
  }

  private Map<String, Outcome> waiting(String key) {
    return followers.computeIfAbsent(key, k -> new LinkedHashMap<>());
  }

  /** Who leads now, or null. */
  public synchronized @Nullable String leader(String cacheKey) {
    Lease lease = leases.get(cacheKey);
    return lease == null || nanos.getAsLong() - lease.untilNanos() >= 0 ? null : lease.token();
  }

  @Override
  public synchronized List<Optional<Outcome>> lookup(List<String> cacheKeys) {
    return outage.run(
        () ->
            cacheKeys.stream()
                .map(k -> Optional.ofNullable(results.get(k)).map(OutcomeCodec::fromStored))
                .toList());
  }

  @Override
  public synchronized List<Outcome> settle(
      String cacheKey, String leader, @Nullable Outcome result) {
    return outage.run(() -> end(cacheKey, leader, result));
  }

  private List<Outcome> end(String cacheKey, String leader, @Nullable Outcome result) {
    if (result == null) {
      if (leader.equals(leader(cacheKey))) {
        leases.remove(cacheKey);
      }
      return List.of();
    }
    results.put(cacheKey, OutcomeCodec.toStored(result));
    leases.remove(cacheKey);
    List<Outcome> released = List.copyOf(waiting(cacheKey).values());
    followers.remove(cacheKey);
    return released;
  }

  /** Forgets everything, as a Redis that lost its data. */
  public synchronized void clear() {
    results.clear();
    leases.clear();
    followers.clear();
  }
}
