package dev.headrace.sdk.internal;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Cancels requests: a CANCELLED outcome that is the first one ends the request, and router and
 * workers drop it when they meet it. Thread-safe.
 */
final class Cancellations {
  private final OutcomeStore store;
  private final PendingTable table;
  private final InstantSource clock;
  private final String source;
  private final Queue<Pending> asked = new ConcurrentLinkedQueue<>();

  Cancellations(OutcomeStore store, PendingTable table, InstantSource clock, String source) {
    this.store = store;
    this.table = table;
    this.clock = clock;
    this.source = source;
  }

  /**
   * Cancels now, on this thread.
   *
   * @return the outcome that stands
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE
   */
  Outcome cancel(Address address) {
    return deliver(List.of(address)).get(0);
  }

  /** Notes that this one is to be cancelled soon, on the sender's thread. */
  void ask(Pending pending) {
    asked.add(pending);
  }

  /** Whether nothing is to be cancelled. */
  boolean isEmpty() {
    return asked.isEmpty();
  }

  /**
   * Cancels what was asked for.
   *
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE; asking goes on the next time
   */
  void deliver() {
    List<Address> addresses = new ArrayList<>();
    for (Pending pending : asked) {
      addresses.add(pending.address());
    }
    if (!addresses.isEmpty()) {
      deliver(addresses);
      addresses.forEach(address -> asked.remove());
    }
  }

  private List<Outcome> deliver(List<Address> addresses) {
    List<Outcome> cancelled =
        addresses.stream().map(a -> Outcomes.cancelled(a, clock.instant(), source)).toList();
    List<Outcome> standing = store.deliver(cancelled).stream().map(Delivered::stored).toList();
    standing.forEach(table::ended);
    return standing;
  }
}
