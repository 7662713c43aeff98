package dev.headrace.transport.delivery;

import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.EventProducer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records on their way to Kafka. A send that failed for the moment is repeated after a pause, as
 * often as it takes; one that Kafka refuses for good is told to its giver.
 *
 * <p>Owned by one thread, which also runs what is to follow; the producer's callbacks only queue.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  /** A refused topic is tried again after this many pauses (chosen: 5 s by default). */
  private static final int REFUSED_PAUSES = 25;

  /** So many collected records are sent whatever the time (chosen: a full batch of Kafka's). */
  private static final int COLLECTED = 256;

  private final EventProducer producer;
  private final Duration linger;
  private final Duration retryPause;
  private final LongSupplier nanos;
  private final ArrayDeque<Send> toSend = new ArrayDeque<>();
  private final ArrayDeque<Send> collected = new ArrayDeque<>();
  private final ArrayDeque<Deferred> deferred = new ArrayDeque<>();
  private final Queue<Sent> sent = new ConcurrentLinkedQueue<>();
  private boolean down;
  private boolean deferring;
  private long againAt;
  private long collectingSince;

  /**
   * A record to send.
   *
   * @param burst records like it that may go to one partition in a row, 0 to say nothing
   */
  private record Send(
      String topic, WireRecord record, int burst, Runnable then, Consumer<Failure> refused) {
    Send(String topic, WireRecord record, Runnable then, Consumer<Failure> refused) {
      this(topic, record, 0, then, refused);
    }
  }

  private record Deferred(Send send, long dueAt) {}

  private record Sent(Send send, @Nullable FailureException failure) {}

  Outbox(EventProducer producer, Duration linger, Duration retryPause, LongSupplier nanos) {
    this.producer = producer;
    this.linger = linger;
    this.retryPause = retryPause;
    this.nanos = nanos;
    this.againAt = nanos.getAsLong();
  }

  /** Sends a record; then one of the two is run. */
  void add(String topic, WireRecord record, Runnable then, Consumer<Failure> refused) {
    toSend.add(new Send(topic, record, then, refused));
  }

  /** Sends work, up to so many records like it in a row to one partition. */
  void addWork(
      String topic, WireRecord record, int burst, Runnable then, Consumer<Failure> refused) {
    toSend.add(new Send(topic, record, burst, then, refused));
  }

  /**
   * Sends a record together with others that come soon: nobody waits for it, and a request to the
   * broker costs as much as many records.
   */
  void addCollected(String topic, WireRecord record, Runnable then, Consumer<Failure> refused) {
    if (collected.isEmpty()) {
      collectingSince = nanos.getAsLong();
    }
    collected.add(new Send(topic, record, then, refused));
  }

  /**
   * Sends a record later, because its topic is refused until a person acts; the other topics' sends
   * go on meanwhile.
   */
  void addLater(
      String topic, WireRecord record, Runnable then, Consumer<Failure> refused, Failure failure) {
    if (!deferring) {
      LOG.error("topic refused, records wait topic={} cause={}", topic, failure);
    }
    deferring = true;
    long dueAt = nanos.getAsLong() + REFUSED_PAUSES * retryPause.toNanos();
    deferred.add(new Deferred(new Send(topic, record, then, refused), dueAt));
  }

  /** Takes the producer's answers; returns how many. */
  int drain() {
    int moved = 0;
    for (Sent s = sent.poll(); s != null; s = sent.poll()) {
      moved++;
      answered(s.send(), s.failure());
    }
    return moved;
  }

  private void answered(Send send, @Nullable FailureException failure) {
    if (failure == null) {
      down = false;
      send.then().run();
    } else if (failure.failure().code().kind() == ErrorKind.TRANSIENT) {
      if (!down) {
        LOG.warn("broker does not answer waiting={} cause={}", toSend.size(), failure.getMessage());
      }
      down = true;
      toSend.add(send);
      againAt = nanos.getAsLong() + retryPause.toNanos();
    } else {
      send.refused().accept(failure.failure());
    }
  }

  /** Hands to the producer what waits, until this time; returns how many. */
  int sendAll(long until) {
    takeDeferred();
    takeCollected();
    int moved = 0;
    while (!toSend.isEmpty() && nanos.getAsLong() - againAt >= 0 && nanos.getAsLong() - until < 0) {
      Send send = toSend.removeFirst();
      if (send.burst() > 0) {
        producer.bursts(send.topic(), send.burst());
      }
      producer.send(send.topic(), send.record(), failure -> sent.add(new Sent(send, failure)));
      moved++;
    }
    return moved;
  }

  private void takeCollected() {
    if (collected.size() >= COLLECTED
        || (!collected.isEmpty() && nanos.getAsLong() - collectingSince >= linger.toNanos())) {
      toSend.addAll(collected);
      collected.clear();
    }
  }

  private void takeDeferred() {
    while (!deferred.isEmpty() && nanos.getAsLong() - deferred.getFirst().dueAt() >= 0) {
      toSend.add(deferred.removeFirst().send());
      deferring = !deferred.isEmpty();
    }
  }
}
