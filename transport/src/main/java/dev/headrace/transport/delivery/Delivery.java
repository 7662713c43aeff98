package dev.headrace.transport.delivery;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.redis.DeliveryStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
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

  /** After this long one step returns, so that its loop can poll (chosen). */
  private static final long STEP_NANOS = 200_000_000;

  private final DeliveryConfig config;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final StoreOutbox store;
  private final Outbox outbox;
  private Runnable coalesced = () -> {};
  private int pending;

  /** A delivery that dates its own failures by the system's clock. */
  public Delivery(
      DeliveryStore store, EventProducer producer, DeliveryConfig config, LongSupplier nanos) {
    this(store, producer, config, nanos, InstantSource.system());
  }

  public Delivery(
      DeliveryStore store,
      EventProducer producer,
      DeliveryConfig config,
      LongSupplier nanos,
      InstantSource clock) {
    this.config = config;
    this.nanos = nanos;
    this.clock = clock;
    this.outbox = new Outbox(producer, config.linger(), config.retryPause(), nanos);
    this.store = new StoreOutbox(store, config.retryPause(), nanos, this::released);
  }

  /** Who counts those that are answered because they followed another. */
  public void whenCoalesced(Runnable each) {
    coalesced = each;
  }

  /** Delivers an outcome, then runs {@code done} on this thread. */
  public void outcome(Outcome outcome, Runnable done) {
    outcome(outcome, null, done);
  }

  /**
   * The same, and ends the leadership of its request as soon as it is stored; who followed is
   * answered with its result.
   */
  public void outcome(Outcome outcome, @Nullable Settlement settlement, Runnable done) {
    pending++;
    storeThenPublish(outcome, settlement, done);
  }

  private void storeThenPublish(Outcome outcome, @Nullable Settlement settlement, Runnable done) {
    store.store(
        outcome,
        settlement,
        new StoreOutbox.Then() {
          @Override
          public void stored(Delivered delivered) {
            afterStore(delivered, done);
          }

          @Override
          public void refused() {
            publish(outcome, () -> finish(done));
          }
        });
  }

  /**
   * Delivers the outcome of a request whose record waits elsewhere, and notes in Redis that Kafka
   * has it: whoever meets that record later has nothing more to do. What is lost here is made up
   * for by that record.
   */
  public void answer(Outcome outcome) {
    pending++;
    store.store(
        outcome,
        null,
        new StoreOutbox.Then() {
          @Override
          public void stored(Delivered delivered) {
            if (delivered.first() && config.publish() && !delivered.published()) {
              publish(outcome, () -> store.mark(outcome.address(), () -> finish(() -> {})));
            } else {
              finish(() -> {}); // others publish what they delivered
            }
          }

          @Override
          public void refused() {
            publish(outcome, () -> finish(() -> {}));
          }
        });
  }

  /** The follower's own record is parked and comes back by itself. */
  private void released(Outcome follower, Outcome result) {
    coalesced.run();
    answer(result.answering(follower, clock.instant(), "coalesced"));
  }

  /**
   * Makes sure that Kafka has an outcome that stands already, then runs {@code done}. It is
   * announced once more: whoever stored it may have died before.
   */
  public void standing(Delivered standing, Runnable done) {
    pending++;
    if (standing.published()) {
      finish(done);
    } else {
      store.announce(standing.stored().address(), () -> afterStore(standing, done));
    }
  }

  /**
   * Ends a leadership that has no result. What is lost on the way costs time, no request: a lease
   * runs out.
   */
  public void settle(Settlement settlement) {
    store.end(settlement);
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
            storeThenPublish(outcome, null, done);
          }
        });
  }

  /** Appends a record (a dead letter), then delivers the outcome, then runs {@code done}. */
  public void appendThenOutcome(String topic, WireRecord record, Outcome outcome, Runnable done) {
    appendThenOutcome(topic, record, outcome, null, done);
  }

  /** The same, and ends the leadership of the outcome's request. */
  public void appendThenOutcome(
      String topic,
      WireRecord record,
      Outcome outcome,
      @Nullable Settlement settlement,
      Runnable done) {
    pending++;
    sendDeadLetter(topic, record, () -> storeThenPublish(outcome, settlement, done));
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

  /** Whether nothing is left; what only Redis would take is not counted while it is away. */
  public boolean idle() {
    return pending == 0 && (store.isEmpty() || store.down());
  }

  /** Whether Redis did not answer the last time. */
  public boolean storeDown() {
    return store.down();
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
    moved += store.sendAll(until);
    moved += outbox.sendAll(until);
    return moved;
  }

  private void afterStore(Delivered delivered, Runnable done) {
    if (!config.publish() || delivered.published()) {
      finish(done);
    } else {
      publish(delivered.stored(), () -> finish(done));
    }
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

  private void finish(Runnable done) {
    pending--;
    done.run();
  }
}
