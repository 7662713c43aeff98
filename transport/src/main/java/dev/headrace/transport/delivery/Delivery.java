package dev.headrace.transport.delivery;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers, in this order and each at least once: the record for another topic if there is one (a
 * dead letter, a retry, work for a lane), the outcome to Redis, the outcome to Kafka, the mark that
 * Kafka has it. Only then runs {@code done}, which acknowledges the request's record.
 *
 * <p>A crash in between leaves the record unacknowledged; it comes again, finds the outcome that
 * stands, and what was missing is made up for. A second outcome of the same request is dropped.
 *
 * <p>Owned by one thread; only the producer's callbacks come from another, through a queue.
 */
public final class Delivery {
  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

  /** One pipelined call to Redis (chosen: a few hundred kilobytes of small outcomes). */
  private static final int MAX_BATCH = 512;

  private final OutcomeStore store;
  private final EventProducer producer;
  private final DeliveryConfig config;
  private final LongSupplier nanos;

  private final ArrayDeque<Item> toStore = new ArrayDeque<>();
  private final ArrayDeque<Send> toSend = new ArrayDeque<>();
  private final ArrayDeque<Item> toMark = new ArrayDeque<>();
  private final Queue<Sent> sent = new ConcurrentLinkedQueue<>();
  private int pending;
  private boolean storeDown;
  private long storeAgainAt;
  private long sendAgainAt;

  private record Item(Outcome outcome, Runnable done) {}

  private record Send(String topic, WireRecord record, Runnable then) {}

  private record Sent(Send send, boolean ok) {}

  public Delivery(
      OutcomeStore store, EventProducer producer, DeliveryConfig config, LongSupplier nanos) {
    this.store = store;
    this.producer = producer;
    this.config = config;
    this.nanos = nanos;
    this.storeAgainAt = nanos.getAsLong();
    this.sendAgainAt = nanos.getAsLong();
  }

  /** Delivers an outcome, then runs {@code done} on this thread. */
  public void outcome(Outcome outcome, Runnable done) {
    pending++;
    toStore.add(new Item(outcome, done));
  }

  /** Makes sure that Kafka has an outcome that stands already, then runs {@code done}. */
  public void standing(Delivered standing, Runnable done) {
    pending++;
    afterStore(new Item(standing.stored(), done), standing);
  }

  /** Appends a record to a topic, then runs {@code done} on this thread. */
  public void append(String topic, WireRecord record, Runnable done) {
    pending++;
    toSend.add(new Send(topic, record, () -> finish(done)));
  }

  /** Appends a record (a dead letter), then delivers the outcome, then runs {@code done}. */
  public void appendThenOutcome(String topic, WireRecord record, Outcome outcome, Runnable done) {
    pending++;
    toSend.add(new Send(topic, record, () -> toStore.add(new Item(outcome, done))));
  }

  /** What was given and is not done. */
  public int pending() {
    return pending;
  }

  /** Whether Redis did not answer the last time. */
  public boolean storeDown() {
    return storeDown;
  }

  /**
   * One step: callbacks that came in, then Redis, then Kafka, then marks.
   *
   * @return what was moved
   */
  public int runOnce() {
    int moved = drainSent();
    moved += storeAll();
    moved += sendAll();
    return moved;
  }

  private int drainSent() {
    int moved = 0;
    for (Sent s = sent.poll(); s != null; s = sent.poll()) {
      moved++;
      if (s.ok()) {
        s.send().then().run();
      } else {
        toSend.add(s.send());
        sendAgainAt = nanos.getAsLong() + config.retryPause().toNanos();
      }
    }
    return moved;
  }

  private int storeAll() {
    int moved = 0;
    while (!(toStore.isEmpty() && toMark.isEmpty()) && nanos.getAsLong() - storeAgainAt >= 0) {
      try {
        moved += markBatch() + storeBatch();
        storeDown = false;
      } catch (FailureException e) {
        if (!storeDown) {
          LOG.warn("store does not answer pending={} cause={}", pending, e.getMessage());
        }
        storeDown = true;
        storeAgainAt = nanos.getAsLong() + config.retryPause().toNanos();
      }
    }
    return moved;
  }

  private int storeBatch() {
    List<Item> batch = first(toStore);
    if (batch.isEmpty()) {
      return 0;
    }
    List<Delivered> results = store.deliver(batch.stream().map(Item::outcome).toList());
    for (int i = 0; i < batch.size(); i++) {
      toStore.removeFirst();
      afterStore(batch.get(i), results.get(i));
    }
    return batch.size();
  }

  private void afterStore(Item item, Delivered delivered) {
    if (!config.publish() || delivered.published()) {
      finish(item.done());
      return;
    }
    Outcome standing = delivered.stored();
    String replyTo = standing.address().replyTo();
    Item marked = new Item(standing, item.done());
    toSend.add(
        new Send(
            replyTo == null ? Topics.OUTCOMES : replyTo,
            encode(standing),
            () -> toMark.add(marked)));
  }

  private WireRecord encode(Outcome outcome) {
    if (outcome.body().length <= config.inlineBytes()) {
      return OutcomeCodec.encode(outcome);
    }
    String key = RedisKeys.result(outcome.address().client(), outcome.id());
    return OutcomeCodec.encodeByReference(outcome, key);
  }

  private int markBatch() {
    List<Item> batch = first(toMark);
    if (batch.isEmpty()) {
      return 0;
    }
    List<Address> addresses = batch.stream().map(i -> i.outcome().address()).toList();
    store.markPublished(addresses);
    for (Item item : batch) {
      toMark.removeFirst();
      finish(item.done());
    }
    return batch.size();
  }

  private static List<Item> first(ArrayDeque<Item> queue) {
    List<Item> batch = new ArrayList<>(Math.min(queue.size(), MAX_BATCH));
    for (Item item : queue) {
      if (batch.size() == MAX_BATCH) {
        break;
      }
      batch.add(item);
    }
    return batch;
  }

  private int sendAll() {
    int moved = 0;
    while (!toSend.isEmpty() && nanos.getAsLong() - sendAgainAt >= 0) {
      Send send = toSend.removeFirst();
      producer.send(
          send.topic(), send.record(), failure -> sent.add(new Sent(send, failure == null)));
      moved++;
    }
    return moved;
  }

  private void finish(Runnable done) {
    pending--;
    done.run();
  }
}
