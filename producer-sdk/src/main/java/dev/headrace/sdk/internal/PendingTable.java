package dev.headrace.sdk.internal;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.sdk.HeadraceException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait for their outcomes, by id. Whoever removes one tells its waiters, so each
 * waiter is told once. Shared by all threads.
 */
final class PendingTable {
  private final ConcurrentMap<String, Pending> pending = new ConcurrentHashMap<>();
  private final Semaphore room;
  private final Completions completions;
  private final NearCache near;
  private final LongSupplier nanos;

  PendingTable(int max, Completions completions, NearCache near, LongSupplier nanos) {
    this.room = new Semaphore(max);
    this.completions = completions;
    this.near = near;
    this.nanos = nanos;
  }

  /** Waits for room for one waiter; false when the time is over first. */
  boolean reserve(long waitNanos) throws InterruptedException {
    return room.tryAcquire(waitNanos, TimeUnit.NANOSECONDS);
  }

  /**
   * Adds a request for which room is reserved.
   *
   * @return false when one with its id is there already: then that one's outcome is for both
   */
  boolean add(Pending fresh) {
    Pending there =
        pending.merge(
            fresh.id(),
            fresh,
            (old, same) -> {
              old.waiters().addAll(same.waiters());
              return old;
            });
    return there == fresh;
  }

  @Nullable Pending get(String id) {
    return pending.get(id);
  }

  /** Whether its outcome is still waited for. */
  boolean contains(Pending one) {
    return pending.get(one.id()) == one;
  }

  /** The outcome came; nothing happens when nobody waits for it. */
  void ended(Outcome outcome) {
    Pending one = pending.remove(outcome.id());
    if (one != null) {
      if (outcome.status() == Status.OK) {
        Pending.CacheSlot slot = one.cacheSlot();
        if (slot != null && slot.revision().equals(outcome.detail(Detail.REVISION))) {
          near.keep(slot.key(), outcome);
        }
        String cache = outcome.detail(Detail.CACHE);
        near.answered(cache != null && !cache.equals("miss"));
      }
      Duration roundTrip = one.age(nanos.getAsLong());
      tell(one, waiter -> waiter.ended(outcome, roundTrip));
    }
  }

  /** No outcome is waited for any more. */
  void failed(Pending one, HeadraceException failure) {
    if (pending.remove(one.id(), one)) {
      tell(one, waiter -> waiter.failed(failure));
    }
  }

  private void tell(Pending one, Consumer<Waiter> message) {
    // Nobody adds a waiter after the removal: adding and removing exclude each other in the map.
    for (Waiter waiter : one.waiters()) {
      completions.add(
          () -> {
            room.release();
            message.accept(waiter);
          });
    }
  }

  /** All of them; weakly consistent. */
  Collection<Pending> all() {
    return Collections.unmodifiableCollection(pending.values());
  }

  boolean isEmpty() {
    return pending.isEmpty();
  }
}
