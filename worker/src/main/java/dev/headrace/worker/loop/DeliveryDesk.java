package dev.headrace.worker.loop;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.mailbox.Mailbox;
import java.util.ArrayList;
import java.util.List;

/**
 * The loop's side of the delivering threads: collects what a turn gives it and hands it over in one
 * piece. It never waits; what finds no room in the mailbox goes with the next turn's.
 */
final class DeliveryDesk implements DeliveryListener {
  private final Mailbox<List<DeliveryCall>> mailbox;
  private List<DeliveryCall> collected = new ArrayList<>();
  private int pending;
  private int storesDown;

  DeliveryDesk(Mailbox<List<DeliveryCall>> mailbox) {
    this.mailbox = mailbox;
  }

  /** Takes a call; it goes with the next {@link #flush}. */
  void give(DeliveryCall call) {
    pending++;
    collected.add(call);
  }

  /** Hands over what was collected; returns how much. */
  int flush() {
    int count = collected.size();
    if (count == 0 || !mailbox.offer(collected)) {
      return 0;
    }
    collected = new ArrayList<>();
    return count;
  }

  /** Given and not done. */
  int pending() {
    return pending;
  }

  /** Whether Redis did not answer one of them the last time. */
  boolean storeDown() {
    return storesDown > 0;
  }

  @Override
  public void delivered(List<Runnable> done) {
    pending -= done.size();
    done.forEach(Runnable::run);
  }

  @Override
  public void storeAnswers(boolean answers) {
    storesDown += answers ? -1 : 1;
  }

  @Override
  public void deliveryFailed(Failure failure) {
    throw new FailureException(failure);
  }
}
