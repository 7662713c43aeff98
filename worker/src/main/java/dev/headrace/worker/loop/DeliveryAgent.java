package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.agent.Agent;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.redis.ResultCache.Settlement;
import dev.headrace.worker.mailbox.Mailbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A thread {@code deliver-<device>}: hands outcomes to Redis and Kafka and ends leaderships while
 * the loop forms the next batches. The loop is told what is done, and acknowledges it. Several may
 * share a mailbox: one works while another waits for Redis, and no outcome cares for the order.
 */
public final class DeliveryAgent implements Agent {
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Between two looks for Kafka's answers, which do not wake it (chosen). */
  private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final String name;
  private final Delivery delivery;
  private final Boxes boxes;
  private final DeliveryListener listener;
  private List<Runnable> done = new ArrayList<>();
  private boolean storeDown;

  /**
   * The mailboxes it reads and writes.
   *
   * @param calls its own, or that of several
   * @param loop of the thread to which the listener belongs
   */
  public record Boxes(Mailbox<List<DeliveryCall>> calls, Mailbox<Runnable> loop) {}

  /** Makes the agent, which owns this delivery from now on. */
  public DeliveryAgent(
      String name,
      Delivery delivery,
      WorkerMetrics metrics,
      Boxes boxes,
      DeliveryListener listener) {
    this.name = name;
    this.delivery = delivery;
    this.boxes = boxes;
    this.listener = listener;
    delivery.whenCoalesced(metrics::coalesced);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void doWork() {
    step(delivery.idle() ? IDLE_NANOS : BUSY_NANOS);
  }

  /**
   * Takes what was posted, waiting so long for it, and delivers what it can.
   *
   * @return how much moved
   */
  int step(long waitNanos) {
    try {
      int moved = take(waitNanos) + delivery.runOnce();
      tell();
      return moved;
    } catch (RuntimeException | Error e) {
      Failure failure = new Failure(ErrorCode.INTERNAL_ERROR, name + ": " + e);
      boxes.loop().put(() -> listener.deliveryFailed(failure));
      throw e;
    }
  }

  private int take(long waitNanos) {
    int taken = 0;
    int limit = Math.max(1, boxes.calls().size());
    for (List<DeliveryCall> calls = boxes.calls().poll(waitNanos);
        calls != null;
        calls = --limit > 0 ? boxes.calls().poll(0) : null) {
      calls.forEach(this::give);
      taken += calls.size();
    }
    return taken;
  }

  private void give(DeliveryCall call) {
    Settlement settlement = call.settlement();
    Runnable then = () -> done.add(call.done());
    if (call instanceof DeliveryCall.Deliver deliver) {
      delivery.outcome(deliver.outcome(), settlement, then);
    } else if (call instanceof DeliveryCall.Confirm confirm) {
      delivery.standing(confirm.standing(), then);
      if (settlement != null) {
        delivery.settle(settlement);
      }
    } else if (call instanceof DeliveryCall.Append append) {
      delivery.append(append.topic(), append.record(), then);
    } else if (call instanceof DeliveryCall.DeadLetter letter) {
      deadLetter(letter.record(), letter.outcome(), settlement, then);
    }
  }

  private void deadLetter(
      WireRecord record, @Nullable Outcome outcome, @Nullable Settlement ends, Runnable then) {
    if (outcome == null) {
      delivery.append(Topics.DEAD_LETTERS, record, then);
    } else {
      delivery.appendThenOutcome(Topics.DEAD_LETTERS, record, outcome, ends, then);
    }
  }

  private void tell() {
    boolean down = delivery.storeDown();
    if (down != storeDown) {
      storeDown = down;
      boxes.loop().put(() -> listener.storeAnswers(!down));
    }
    if (!done.isEmpty()) {
      List<Runnable> all = done;
      done = new ArrayList<>();
      boxes.loop().put(() -> listener.delivered(all));
    }
  }

  @Override
  public void drain() {
    // The loop stops posting; what it posted is delivered.
  }

  @Override
  public boolean drained() {
    return boxes.calls().isEmpty() && delivery.idle();
  }

  @Override
  public void close(Duration timeout) {
    boxes.calls().close();
  }
}
