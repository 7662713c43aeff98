package dev.headrace.router.loop;

import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Slot;
import java.util.Collection;
import java.util.function.Consumer;

/**
 * Hears which slots come and go. It is made before the consumer, and the loop after it, so the loop
 * says later what to do. All on the loop's thread, inside poll.
 */
public final class Rebalances implements EventConsumer.Listener {
  private boolean revoked;
  private Consumer<Collection<Slot>> onAssigned = slots -> {};

  /** What to do with slots before anything of them is delivered. */
  void onAssigned(Consumer<Collection<Slot>> action) {
    onAssigned = action;
  }

  @Override
  public void assigned(Collection<Slot> slots) {
    onAssigned.accept(slots);
  }

  @Override
  public void revoked(Collection<Slot> slots) {
    revoked |= !slots.isEmpty();
  }

  /** Whether slots were revoked since this was asked. */
  boolean takeRevoked() {
    boolean taken = revoked;
    revoked = false;
    return taken;
  }
}
