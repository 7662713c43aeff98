package dev.headrace.router.loop;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Tier;
import dev.headrace.router.buffer.TierBuffer;
import dev.headrace.router.metrics.RouterMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Which retries may wait here, each tier's in its own {@link RetryRoom}. A retry is counted as
 * passing through until it is to wait: what only passes (it has its outcome, the cache answers it,
 * its tenant is over its quota) needs no room.
 *
 * <p>While some find none, those that wait make room in turn: after {@link #TURN} they go round
 * once, too. Else a request that waits for hours would hold up the offset of all that was read
 * behind it and went round meanwhile, and a crash would bring all of that again, as one more copy.
 */
final class RetryRooms {
  /** How long a patient one waits at most while others find no room (chosen). */
  private static final Duration TURN = Duration.ofSeconds(30);

  /** Between two looks at who has waited that long (chosen). */
  private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

  /** Part of a room that goes round in one look, so that it never empties (chosen). */
  private static final double PART = 0.1;

  private final TierBuffer<Entry> buffer;
  private final Holding holding;
  private final Exits exits;
  private final RouterMetrics metrics;
  private final LongSupplier nanos;
  private final Map<Tier, RetryRoom> rooms = new EnumMap<>(Tier.class);

  /** Until when those of a tier take turns. */
  private final Map<Tier, Long> turnsUntil = new EnumMap<>(Tier.class);

  private long lookAt;

  RetryRooms(Parts parts, Exits exits, Holding holding, TierBuffer<Entry> buffer) {
    this.metrics = parts.metrics();
    this.nanos = parts.nanos();
    this.exits = exits;
    this.holding = holding;
    this.buffer = buffer;
    this.lookAt = nanos.getAsLong();
    for (Tier tier : Tier.values()) {
      LoopConfig config = parts.config();
      rooms.put(tier, new RetryRoom(config.maxRequests(), config.maxBytes(), lookAt));
    }
  }

  /**
   * Whether a request may wait here. If not it is on its way to a retry topic when this returns.
   * One from a tier's topic may, its topic has a bound; and so may one that has no time to go
   * round: it soon goes to a lane or expires.
   */
  boolean keep(Entry entry) {
    if (!entry.source().isRetry() || entry.keptSinceNanos() != null) {
      return true;
    }
    long now = nanos.getAsLong();
    Tier tier = entry.request().tier();
    RetryRoom room = room(tier);
    if (room.has(left(entry))) {
      entry.keep(room.load(), now);
      return true;
    }
    turnsUntil.put(tier, now + TURN.toNanos());
    return !goBack(entry, room, now);
  }

  /** Lets those go round that have waited long enough while others find no room. */
  void step() {
    long now = nanos.getAsLong();
    if (turnsUntil.isEmpty() || now - lookAt < 0) {
      return;
    }
    lookAt = now + LOOK_NANOS;
    turnsUntil.values().removeIf(until -> now - until >= 0);
    for (Tier tier : turnsUntil.keySet()) {
      RetryRoom room = room(tier);
      Predicate<Entry> due = due(tier, now, (int) Math.ceil(PART * room.load().requests()));
      buffer.takeIf(due, entry -> goBack(entry, room, now));
      holding.takeIf(due, entry -> goBack(entry, room, now));
    }
  }

  /** Matches so many of those whose turn is over. */
  private Predicate<Entry> due(Tier tier, long now, int most) {
    return new Predicate<>() {
      private int matched;

      @Override
      public boolean test(Entry entry) {
        Long since = entry.keptSinceNanos();
        boolean match =
            matched < most
                && since != null
                && now - since >= TURN.toNanos()
                && entry.request().tier() == tier
                && RetryRoom.patient(left(entry));
        matched += match ? 1 : 0;
        return match;
      }
    };
  }

  private boolean goBack(Entry entry, RetryRoom room, long now) {
    Duration delay = room.back(left(entry), now);
    if (delay == null) {
      return false;
    }
    metrics.retryReturned(entry.request().tier());
    exits.goRound(entry, delay);
    return true;
  }

  /** To its deadline; after it, when it is to run all the same, to the last moment for that. */
  private Duration left(Entry entry) {
    InferenceRequest request = entry.request();
    Instant now = exits.now();
    return Duration.between(
        now, now.isBefore(request.deadline()) ? request.deadline() : request.expiry());
  }

  private RetryRoom room(Tier tier) {
    return Objects.requireNonNull(rooms.get(tier));
  }
}
