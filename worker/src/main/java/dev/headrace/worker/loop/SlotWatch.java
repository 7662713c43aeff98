package dev.headrace.worker.loop;

import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Slot;
import java.util.Collection;

/**
 * Notes that slots came or went; the loop looks after each poll. Used by the loop's thread alone,
 * inside poll.
 */
public final class SlotWatch implements EventConsumer.Listener {
  private boolean came;
  private boolean went;

  @Override
  public void assigned(Collection<Slot> slots) {
    came |= !slots.isEmpty();
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
