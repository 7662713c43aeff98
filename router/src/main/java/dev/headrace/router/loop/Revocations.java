package dev.headrace.router.loop;

import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Slot;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Remembers which slots were taken away. Told and asked on the loop's thread. */
public final class Revocations implements EventConsumer.Listener {
  private final Set<Slot> slots = new HashSet<>();

  @Override
  public void assigned(Collection<Slot> assigned) {
    // What comes from them tells.
  }

  @Override
  public void revoked(Collection<Slot> revoked) {
    slots.addAll(revoked);
  }

  /** The slots that were revoked since this was asked. */
  Set<Slot> take() {
    Set<Slot> taken = Set.copyOf(slots);
    slots.clear();
    return taken;
  }
}
