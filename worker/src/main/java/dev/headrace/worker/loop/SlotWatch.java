package dev.headrace.worker.loop;

import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Slot;
import java.util.Collection;

/**
 * Notes that slots came or went; the loop looks after each poll. It exists apart from the loop
 * because the consumer needs it first. Used by the loop's thread alone, inside poll.
 */
public final class SlotWatch implements EventConsumer.Listener {
  private Runnable whenAssigned = () -> {};
  private boolean came;
  private boolean went;

  /** Runs this inside the poll in which slots come, before anything of them is read. */
  void whenAssigned(Runnable action) {
    whenAssigned = action;
  }

  @Override
  public void assigned(Collection<Slot> slots) {
    if (!slots.isEmpty()) {
      came = true;
      whenAssigned.run();
    }
  }

  @Override
  public void revoked(Collection<Slot> slots) {
    went |= !slots.isEmpty();
  }

  /** Whether slots came since the last call. */
  boolean came() {
    boolean was = came;
    came = false;
    return was;
  }

  /** Whether slots went since the last call. */
  boolean went() {
    boolean was = went;
    went = false;
    return was;
  }
}
