package dev.headrace.worker.loop;

import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Slot;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Lets records be read or not. All slots are closed when a limit of the worker is reached, a single
 * one when enough of it waits for its turn; each opens again at three quarters of its limit, so
 * that it does not flutter. The membership is kept either way: the loop goes on polling.
 */
final class Valve {
  /** Share of the limits below which it opens again (chosen). */
  private static final double REOPEN = 0.75;

  /**
   * Records of a slot that wait for their turn at most (chosen: a poll, so that none is awaited).
   */
  private static final int MOST_OF_A_SLOT = 500;

  private final EventConsumer consumer;
  private final IntakeConfig config;
  private final Turns turns;

  /** Slots that are closed on their own. */
  private final Set<Slot> full = new HashSet<>();

  private boolean closed;
  private boolean shut;

  Valve(EventConsumer consumer, IntakeConfig config, Turns turns) {
    this.consumer = consumer;
    this.config = config;
    this.turns = turns;
  }

  /** Whether nothing is read. */
  boolean closed() {
    return closed;
  }

  /** Never opens again. */
  void shut() {
    shut = true;
    close();
  }

  /** Slots came: what is closed is closed for them too. Of those that were full, some are new. */
  void slotsCame() {
    if (closed) {
      consumer.pause(consumer.assigned());
    } else {
      consumer.resume(full);
    }
    full.clear();
  }

  /**
   * Opens or closes by how full the worker is.
   *
   * @param away whether what was read could not go on
   * @param hungry whether what is further back is wanted, however much waits; asked only if it does
   * @return whether something opened just now
   */
  boolean set(InFlight inFlight, boolean away, BooleanSupplier hungry) {
    double level =
        Math.max(
            (double) inFlight.count() / config.maxRequests(),
            (double) inFlight.bytes() / config.maxBytes());
    if (shut || away || level >= 1) {
      close();
      return false;
    }
    if (closed && level >= REOPEN) {
      return false;
    }
    boolean opened = open();
    boolean some = slots(hungry);
    return opened || some;
  }

  private void close() {
    if (!closed) {
      consumer.pause(consumer.assigned());
      closed = true;
    }
  }

  private boolean open() {
    if (!closed) {
      return false;
    }
    consumer.resume(consumer.assigned());
    full.clear();
    closed = false;
    return true;
  }

  /** Closes the slots that have enough before them, opens those that do not; whether any opened. */
  private boolean slots(BooleanSupplier hungry) {
    if (turns.isEmpty() && full.isEmpty()) {
      return false;
    }
    int most = Math.max(1, Math.min(MOST_OF_A_SLOT, config.maxRequests() / 2));
    List<Slot> more =
        turns.slots().stream().filter(s -> turns.held(s) >= most && !full.contains(s)).toList();
    if ((!more.isEmpty() || !full.isEmpty()) && hungry.getAsBoolean()) {
      return reopen(List.copyOf(full));
    }
    if (!more.isEmpty()) {
      consumer.pause(more);
      full.addAll(more);
    }
    return reopen(full.stream().filter(s -> turns.held(s) < most * REOPEN).toList());
  }

  private boolean reopen(List<Slot> slots) {
    if (slots.isEmpty()) {
      return false;
    }
    consumer.resume(slots);
    slots.forEach(full::remove);
    return true;
  }
}
