package dev.headrace.transport.delivery;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.DeliveryStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is on its way to Redis: outcomes with the leaderships that end with them, announcements,
 * marks. While Redis does not answer it waits; one outcome that Redis refuses for good is told to
 * its giver and holds up no other.
 */
final class StoreOutbox {
  private static final Logger LOG = LoggerFactory.getLogger(StoreOutbox.class);

  /** One pipelined call to Redis (chosen: a few hundred kilobytes of small outcomes). */
  private static final int MAX_BATCH = 512;

  /** Waiting for a Redis that does not answer takes at most a fifth of the time (chosen). */
  private static final long PAUSES_PER_TRY = 4;

  private final DeliveryStore store;
  private final Duration retryPause;
  private final LongSupplier nanos;
  private final Listener listener;

  private final ArrayDeque<Store> outcomes = new ArrayDeque<>();
  private final ArrayDeque<Tell> marks = new ArrayDeque<>();
  private final ArrayDeque<Tell> announcements = new ArrayDeque<>();
  private final ArrayDeque<Settlement> endings = new ArrayDeque<>();
  private boolean down;
  private long againAt;

  /** Hears what became of it. */
  interface Listener {
    /** This request waited for the result of another, which is here. */
    void released(Outcome follower, Outcome result);
  }

  /** What follows when an outcome is stored. */
  interface Then {
    /** This outcome stands. */
    void stored(Delivered delivered);

    /** Redis does not take it, whatever happens. */
    void refused();
  }

  private record Store(Outcome outcome, @Nullable Settlement settlement, Then then) {}

  private record Tell(Address address, Runnable then) {}

  StoreOutbox(DeliveryStore store, Duration retryPause, LongSupplier nanos, Listener listener) {
    this.store = store;
    this.retryPause = retryPause;
    this.nanos = nanos;
    this.listener = listener;
    this.againAt = nanos.getAsLong();
  }

  /** Stores an outcome, and ends the leadership of its request if there is one. */
  void store(Outcome outcome, @Nullable Settlement settlement, Then then) {
    outcomes.add(new Store(outcome, settlement, then));
  }

  /** Notes that Kafka has an outcome. Without the mark it is published once more: harmless. */
  void mark(Address address, Runnable then) {
    marks.add(new Tell(address, then));
  }

  /** Announces an outcome that stands. */
  void announce(Address address, Runnable then) {
    announcements.add(new Tell(address, then));
  }

  /** Ends a leadership that has no result; nobody is released. */
  void end(Settlement settlement) {
    endings.add(settlement.failed());
  }

  /** Whether Redis did not answer the last time. */
  boolean down() {
    return down;
  }

  /** Whether nothing waits. */
  boolean isEmpty() {
    return outcomes.isEmpty() && marks.isEmpty() && announcements.isEmpty() && endings.isEmpty();
  }

  /** Sends what waits, until this time; returns how much. */
  int sendAll(long until) {
    int moved = 0;
    while (!isEmpty() && nanos.getAsLong() - againAt >= 0 && nanos.getAsLong() - until < 0) {
      long begin = nanos.getAsLong();
      try {
        moved += tell(marks, "marked", store::markPublished);
        moved += tell(announcements, "announced", store::announce);
        moved += end();
        moved += storeSome(MAX_BATCH);
        down = false;
      } catch (FailureException e) {
        if (isTransient(e)) {
          failed(e, begin);
        } else {
          moved += storeOneByOne();
        }
      }
    }
    return moved;
  }

  private static boolean isTransient(FailureException e) {
    return e.failure().code().kind() == ErrorKind.TRANSIENT;
  }

  private void failed(FailureException e, long begin) {
    if (!down) {
      LOG.warn("store does not answer pending={} cause={}", outcomes.size(), e.getMessage());
    }
    down = true;
    long now = nanos.getAsLong();
    long pause = Math.max(retryPause.toNanos(), PAUSES_PER_TRY * (now - begin));
    againAt = now + pause;
  }

  private int storeSome(int limit) {
    List<Store> batch = first(outcomes, limit);
    if (batch.isEmpty()) {
      return 0;
    }
    List<Outcome> delivered = new ArrayList<>(batch.size());
    List<Settlement> settlements = new ArrayList<>(batch.size());
    for (Store one : batch) {
      delivered.add(one.outcome());
      if (one.settlement() != null) {
        settlements.add(one.settlement());
      }
    }
    DeliveryStore.Done done = store.deliver(delivered, settlements);
    for (int i = 0; i < batch.size(); i++) {
      outcomes.removeFirst();
      batch.get(i).then().stored(done.delivered().get(i));
    }
    release(settlements, done.released());
    return batch.size();
  }

  /** Finds the outcome that the store refuses. */
  private int storeOneByOne() {
    int count = Math.min(outcomes.size(), MAX_BATCH);
    for (int i = 0; i < count; i++) {
      long begin = nanos.getAsLong();
      try {
        storeSome(1);
      } catch (FailureException e) {
        if (isTransient(e)) {
          failed(e, begin);
          return i;
        }
        Store refused = outcomes.removeFirst();
        LOG.error("store refused outcome id={} cause={}", refused.outcome().id(), e.getMessage());
        if (refused.settlement() != null) {
          end(refused.settlement());
        }
        refused.then().refused();
      }
    }
    return count;
  }

  private void release(List<Settlement> settlements, List<List<Outcome>> followers) {
    for (int i = 0; i < settlements.size(); i++) {
      Outcome result = settlements.get(i).result();
      if (result != null) {
        followers.get(i).forEach(follower -> listener.released(follower, result));
      }
    }
  }

  private int end() {
    List<Settlement> batch = first(endings, MAX_BATCH);
    if (!batch.isEmpty()) {
      quietly("ended", batch, all -> store.deliver(List.of(), all));
      batch.forEach(one -> endings.removeFirst());
    }
    return batch.size();
  }

  private int tell(ArrayDeque<Tell> queue, String what, Consumer<List<Address>> call) {
    List<Tell> batch = first(queue, MAX_BATCH);
    if (!batch.isEmpty()) {
      quietly(what, batch, all -> call.accept(all.stream().map(Tell::address).toList()));
      for (Tell one : batch) {
        queue.removeFirst();
        one.then().run();
      }
    }
    return batch.size();
  }

  /** What the store refuses for good is only logged. */
  private static <T> void quietly(String what, List<T> batch, Consumer<List<T>> call) {
    try {
      call.accept(batch);
    } catch (FailureException e) {
      if (isTransient(e)) {
        throw e;
      }
      LOG.warn("not {} count={} cause={}", what, batch.size(), e.getMessage());
    }
  }

  private static <T> List<T> first(ArrayDeque<T> queue, int limit) {
    List<T> batch = new ArrayList<>(Math.min(queue.size(), limit));
    for (T item : queue) {
      if (batch.size() == limit) {
        break;
      }
      batch.add(item);
    }
    return batch;
  }
}
