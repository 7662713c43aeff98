package dev.headrace.transport.delivery;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers, in this order and each at least once: the record for another topic if there is one (a
 * dead letter, a retry, work for a lane), the outcome to Redis, the outcome to Kafka. Only then
 * runs {@code done}, which acknowledges the request's record.
 *
 * <p>A crash in between leaves the record unacknowledged; it comes again, finds the outcome that
 * stands, and what was missing is made up for. A second outcome of the same request is dropped.
 *
 * <p>Redis or Kafka away: everything waits and is tried again. What one of them refuses for good
 * takes another way, so that it stops neither itself nor others: RATIONALE.md lists the ways.
 *
 * <p>Owned by one thread; only the producer's callbacks come from another, through a queue.
 */
public final class Delivery {
  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

  /** One pipelined call to Redis (chosen: a few hundred kilobytes of small outcomes). */
  private static final int MAX_BATCH = 512;

  /** After this long one step returns, so that its loop can poll (chosen). */
  private static final long STEP_NANOS = 200_000_000;

  /** Waiting for a Redis that does not answer takes at most a fifth of the time (chosen). */
  private static final long PAUSES_PER_TRY = 4;

  private final OutcomeStore store;
  private final DeliveryConfig config;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final Outbox outbox;

  private final ArrayDeque<Item> toStore = new ArrayDeque<>();
  private final ArrayDeque<Item> toMark = new ArrayDeque<>();
  private final ArrayDeque<Standing> toAnnounce = new ArrayDeque<>();
  private int pending;
  private boolean storeDown;
  private long storeAgainAt;

  /**
   * An outcome on its way.
   *
   * @param answers whether it is that of a request whose record is not ours
   */
  private record Item(Outcome outcome, Runnable done, boolean answers) {}

  private record Standing(Item item, Delivered delivered) {}

  /** A delivery that dates its own failures by the system's clock. */
  public Delivery(
      OutcomeStore store, EventProducer producer, DeliveryConfig config, LongSupplier nanos) {
    this(store, producer, config, nanos, InstantSource.system());
  }

  public Delivery(
      OutcomeStore store,
      EventProducer producer,
      DeliveryConfig config,
      LongSupplier nanos,
      InstantSource clock) {
    this.store = store;
    this.config = config;
    this.nanos = nanos;
    this.clock = clock;
    this.outbox = new Outbox(producer, config.linger(), config.retryPause(), nanos);
    this.storeAgainAt = nanos.getAsLong();
  }

  /** Delivers an outcome, then runs {@code done} on this thread. */
  public void outcome(Outcome outcome, Runnable done) {
    pending++;
    toStore.add(new Item(outcome, done, false));
  }

  /**
   * Delivers the outcome of a request whose record waits elsewhere, and notes in Redis that Kafka
   * has it: whoever meets that record later has nothing more to do. What is lost here is made up
   * for by that record.
   */
  public void answer(Outcome outcome) {
    pending++;
    toStore.add(new Item(outcome, () -> {}, true));
  }

  /**
   * Makes sure that Kafka has an outcome that stands already, then runs {@code done}. It is
   * announced once more: whoever stored it may have died before.
   */
  public void standing(Delivered standing, Runnable done) {
    pending++;
    Item item = new Item(standing.stored(), done, false);
    if (standing.published()) {
      afterStore(item, standing);
    } else {
      toAnnounce.add(new Standing(item, standing));
    }
  }

  /**
   * Appends a request's record to a topic, then runs {@code done} on this thread. If Kafka refuses
   * it for good, the request ends as a dead letter with a FAILED outcome.
   */
  public void append(String topic, WireRecord record, Runnable done) {
    append(topic, record, done, failure -> deadLetter(topic, record, failure, done));
  }

  /**
   * Appends a record to a topic, then runs {@code done} on this thread, or {@code refused} when
   * Kafka refuses it for good (too large, no such topic, not allowed).
   */
  public void append(String topic, WireRecord record, Runnable done, Consumer<Failure> refused) {
    appendWork(topic, record, 0, done, refused);
  }

  /**
   * The same for work.
   *
   * @param burst records like this one that may go to one partition in a row: whoever reads it has
   *     them before the others have any; 0 to say nothing
   */
  public void appendWork(
      String topic, WireRecord record, int burst, Runnable done, Consumer<Failure> refused) {
    pending++;
    outbox.addWork(
        topic,
        record,
        burst,
        () -> finish(done),
        failure -> {
          pending--;
          refused.accept(failure);
        });
  }

  private void deadLetter(String topic, WireRecord record, Failure failure, Runnable done) {
    LOG.error("record refused topic={} cause={}", topic, failure);
    WireRecord letter = Refused.deadLetter(topic, record, failure, clock.instant());
    Outcome outcome = Refused.outcome(record, failure, clock.instant());
    pending++;
    sendDeadLetter(
        Topics.DEAD_LETTERS,
        letter,
        () -> {
          if (outcome == null) {
            finish(done);
          } else {
            toStore.add(new Item(outcome, done, false));
          }
        });
  }

  /** Appends a record (a dead letter), then delivers the outcome, then runs {@code done}. */
  public void appendThenOutcome(String topic, WireRecord record, Outcome outcome, Runnable done) {
    pending++;
    sendDeadLetter(topic, record, () -> toStore.add(new Item(outcome, done, false)));
  }

  private void sendDeadLetter(String topic, WireRecord record, Runnable then) {
    outbox.add(topic, record, then, failure -> deadLetterRefused(topic, record, then, failure));
  }

  private void deadLetterRefused(String topic, WireRecord record, Runnable then, Failure failure) {
    if (failure.code() != ErrorCode.INPUT_TOO_LARGE) {
      outbox.addLater(topic, record, then, f -> deadLetterRefused(topic, record, then, f), failure);
    } else if (record.value() != null) {
      LOG.warn("dead letter goes without its value topic={} cause={}", topic, failure);
      sendDeadLetter(topic, Refused.withoutValue(record), then);
    } else {
      LOG.error("dead letter dropped topic={} cause={}", topic, failure);
      then.run();
    }
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
   * One step: callbacks that came in, then Redis, then Kafka, then marks. Returns soon, but for one
   * call to Redis and one send, which their own limits bound.
   *
   * @return what was moved
   */
  public int runOnce() {
    long until = nanos.getAsLong() + STEP_NANOS;
    int moved = outbox.drain();
    moved += storeAll(until);
    moved += outbox.sendAll(until);
    return moved;
  }

  private int storeAll(long until) {
    int moved = 0;
    while (!(toStore.isEmpty() && toMark.isEmpty() && toAnnounce.isEmpty())
        && nanos.getAsLong() - storeAgainAt >= 0
        && nanos.getAsLong() - until < 0) {
      long begin = nanos.getAsLong();
      try {
        moved += markBatch() + announceBatch() + storeBatch(MAX_BATCH);
        storeDown = false;
      } catch (FailureException e) {
        if (isTransient(e)) {
          storeFailed(e, begin);
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

  private void storeFailed(FailureException e, long begin) {
    if (!storeDown) {
      LOG.warn("store does not answer pending={} cause={}", pending, e.getMessage());
    }
    storeDown = true;
    long now = nanos.getAsLong();
    long pause = Math.max(config.retryPause().toNanos(), PAUSES_PER_TRY * (now - begin));
    storeAgainAt = now + pause;
  }

  /** Finds the outcome that the store refuses; it goes to Kafka only. */
  private int storeOneByOne() {
    int count = Math.min(toStore.size(), MAX_BATCH);
    for (int i = 0; i < count; i++) {
      long begin = nanos.getAsLong();
      try {
        storeBatch(1);
      } catch (FailureException e) {
        if (isTransient(e)) {
          storeFailed(e, begin);
          return i;
        }
        Item item = toStore.removeFirst();
        LOG.error("store refused outcome id={} cause={}", item.outcome().id(), e.getMessage());
        publish(item.outcome(), () -> finish(item.done()));
      }
    }
    return count;
  }

  private int storeBatch(int limit) {
    List<Item> batch = first(toStore, limit);
    if (batch.isEmpty()) {
      return 0;
    }
    List<Outcome> outcomes = new ArrayList<>(batch.size());
    batch.forEach(item -> outcomes.add(item.outcome()));
    List<Delivered> results = store.deliver(outcomes);
    for (int i = 0; i < batch.size(); i++) {
      toStore.removeFirst();
      afterStore(batch.get(i), results.get(i));
    }
    return batch.size();
  }

  private void afterStore(Item item, Delivered delivered) {
    boolean others = item.answers() && !delivered.first(); // they publish what they delivered
    if (!config.publish() || delivered.published() || others) {
      finish(item.done());
      return;
    }
    Outcome standing = delivered.stored();
    publish(standing, item.answers() ? () -> toMark.add(item) : () -> finish(item.done()));
  }

  private void publish(Outcome outcome, Runnable then) {
    String replyTo = outcome.address().replyTo();
    boolean inline = outcome.body().length <= config.inlineBytes();
    publish(replyTo == null ? Topics.OUTCOMES : replyTo, outcome, inline, then);
  }

  private void publish(String topic, Outcome outcome, boolean inline, Runnable then) {
    WireRecord record = encode(outcome, inline);
    Consumer<Failure> refused = f -> publishRefused(topic, outcome, inline, then, f);
    if (topic.equals(Topics.OUTCOMES)) {
      outbox.addCollected(topic, record, then, refused);
    } else {
      outbox.add(topic, record, then, refused);
    }
  }

  private static WireRecord encode(Outcome outcome, boolean inline) {
    return inline
        ? OutcomeCodec.encode(outcome)
        : OutcomeCodec.encodeByReference(outcome, key(outcome));
  }

  private static String key(Outcome outcome) {
    return RedisKeys.result(outcome.address().client(), outcome.id());
  }

  private void publishRefused(
      String topic, Outcome outcome, boolean inline, Runnable then, Failure failure) {
    boolean tooLarge = failure.code() == ErrorCode.INPUT_TOO_LARGE;
    if (tooLarge && inline) {
      LOG.warn("outcome goes by reference topic={} key={}", topic, key(outcome));
      publish(topic, outcome, false, then);
    } else if (!topic.equals(Topics.OUTCOMES)) {
      LOG.warn("reply topic refused topic={} id={} cause={}", topic, outcome.id(), failure);
      publish(Topics.OUTCOMES, outcome, inline, then);
    } else if (tooLarge) {
      LOG.error("outcome is in Redis only key={} cause={}", key(outcome), failure);
      then.run();
    } else {
      outbox.addLater(
          topic,
          encode(outcome, inline),
          then,
          f -> publishRefused(topic, outcome, inline, then, f),
          failure);
    }
  }

  private int markBatch() {
    List<Item> batch = first(toMark, MAX_BATCH);
    if (batch.isEmpty()) {
      return 0;
    }
    List<Address> addresses = batch.stream().map(i -> i.outcome().address()).toList();
    try {
      store.markPublished(addresses);
    } catch (FailureException e) {
      if (isTransient(e)) {
        throw e;
      }
      // Without the mark it is published once more; that is harmless.
      LOG.warn("outcomes not marked count={} cause={}", batch.size(), e.getMessage());
    }
    for (Item item : batch) {
      toMark.removeFirst();
      finish(item.done());
    }
    return batch.size();
  }

  private int announceBatch() {
    List<Standing> batch = first(toAnnounce, MAX_BATCH);
    if (batch.isEmpty()) {
      return 0;
    }
    try {
      store.announce(batch.stream().map(s -> s.item().outcome().address()).toList());
    } catch (FailureException e) {
      if (isTransient(e)) {
        throw e;
      }
      LOG.warn("outcomes not announced count={} cause={}", batch.size(), e.getMessage());
    }
    for (Standing standing : batch) {
      toAnnounce.removeFirst();
      afterStore(standing.item(), standing.delivered());
    }
    return batch.size();
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

  private void finish(Runnable done) {
    pending--;
    done.run();
  }
}
