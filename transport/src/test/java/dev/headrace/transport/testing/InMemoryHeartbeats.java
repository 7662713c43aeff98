package dev.headrace.transport.testing;

import dev.headrace.transport.redis.HeartbeatRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** Heartbeats in a map, as they are on the wire, with their time to live by an injected clock. */
abstract class InMemoryHeartbeats<T> implements HeartbeatRegistry<T> {
  private record Entry(Map<String, String> hash, long untilNanos) {}

  private final LongSupplier nanos;
  private final Duration timeToLive;
  private final Outage outage;
  private final Function<T, String> id;
  private final Function<T, Map<String, String>> encode;
  private final Function<Map<String, String>, Optional<T>> decode;
  private final Map<String, Entry> entries = new TreeMap<>();

  InMemoryHeartbeats(
      LongSupplier nanos,
      Duration timeToLive,
      Outage outage,
      Function<T, String> id,
      Function<T, Map<String, String>> encode,
      Function<Map<String, String>, Optional<T>> decode) {
    this.nanos = nanos;
    this.timeToLive = timeToLive;
    this.outage = outage;
    this.id = id;
    this.encode = encode;
    this.decode = decode;
  }

  /** The switch that takes this registry down. */
  public final Outage outage() {
    return outage;
  }

  @Override
  public final synchronized void publish(T report) {
    publish(id.apply(report), encode.apply(report));
  }

  /** Publishes fields, whatever they are. */
  public final synchronized void publish(String sender, Map<String, String> hash) {
    outage.run(
        () -> {
          entries.put(sender, new Entry(hash, nanos.getAsLong() + timeToLive.toNanos()));
        });
  }

  /** The fields that stand under this sender, nothing when they are too old. */
  final synchronized Map<String, String> standing(String sender) {
    Entry entry = entries.get(sender);
    return entry != null && lives(entry) ? entry.hash() : Map.of();
  }

  @Override
  public final synchronized void remove(String sender) {
    outage.run(
        () -> {
          entries.remove(sender);
        });
  }

  @Override
  public final synchronized List<T> list() {
    return outage.run(
        () ->
            entries.values().stream()
                .filter(this::lives)
                .flatMap(e -> decode.apply(e.hash()).stream())
                .toList());
  }

  /** Whether the sender's heartbeat is not older than its time to live. */
  public final synchronized boolean lives(String sender) {
    Entry entry = entries.get(sender);
    return entry != null && lives(entry);
  }

  private boolean lives(Entry entry) {
    return nanos.getAsLong() - entry.untilNanos() < 0;
  }
}
